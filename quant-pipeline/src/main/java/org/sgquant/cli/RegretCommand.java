package org.sgquant.cli;

import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.experiment.Strategies;
import org.sgquant.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Strategies judged by a study in which everything was measured. */
@Command(
        name = "regret",
        mixinStandardHelpOptions = true,
        description =
                "Compare search strategies on a study of --strategy exhaustive: how many of its trials each needs to"
                        + " come within 2 %% of the best, and how far off it is after 5 %% of them. Takes the options of that search.")
final class RegretCommand implements Callable<Integer> {

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Mixin
    SearchOptions search;

    @Option(names = "--max-drop", paramLabel = "POINTS", description = "Largest validation drop (default: 0.3).")
    Double maxDrop;

    @Option(
            names = "--strategies",
            paramLabel = "NAME",
            split = ",",
            description = "Strategies to compare (default: ${DEFAULT-VALUE}).")
    List<String> strategies = List.of("random", "abs", "knapsack", "hawq", "controller", "differentiable");

    @Option(names = "--repeats", paramLabel = "N", description = "Searches of each (default: ${DEFAULT-VALUE}).")
    int repeats = 5;

    @Override
    public Integer call() {
        if (search.study == null) {
            throw new IllegalArgumentException("regret needs --study FILE, made by search --strategy exhaustive");
        }
        if (repeats < 1) {
            throw new IllegalArgumentException("--repeats must be at least 1, got " + repeats);
        }
        refuse("--strategy", "the strategies to compare are given by --strategies");
        refuse("--trials", "every strategy searches until it is near the best, at most a quarter of the space");
        refuse("--workers", "one process looks trials up");
        List<Strategies> compared = strategies.stream().map(Strategies::of).toList();
        model.applyRecipe(common, data);
        search.maxDrop = maxDrop;
        search.resume = true;
        search.apply(model.named().search(), model::isGiven);
        search.check();
        try (Pipeline pipeline = new Pipeline(common, data, model, search.trialSeeds, Integer.MAX_VALUE)) {
            var report = pipeline.regret(search, compared, repeats);
            System.out.println(common.json ? Json.write(report) : report.text());
            return ExitCode.OK;
        }
    }

    private void refuse(String option, String why) {
        if (model.isGiven(option)) {
            throw new IllegalArgumentException("regret takes no " + option + ": " + why);
        }
    }
}
