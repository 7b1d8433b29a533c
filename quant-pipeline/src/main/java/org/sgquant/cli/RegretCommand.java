package org.sgquant.cli;

import java.util.concurrent.Callable;
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
    RegretOptions regret;

    @Option(names = "--max-drop", paramLabel = "POINTS", description = "Largest validation drop (default: 0.3).")
    Double maxDrop;

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        regret.maxDrop = maxDrop;
        regret.apply(model.named().search(), model::isGiven);
        regret.check();
        try (Pipeline pipeline = new Pipeline(common, data, model, regret.trialSeeds, Integer.MAX_VALUE)) {
            var report = pipeline.regret(regret);
            System.out.println(common.json ? Json.write(report) : report.text());
            return ExitCode.OK;
        }
    }
}
