package org.sgquant.cli;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.Strategies;
import org.sgquant.report.Json;
import org.sgquant.report.RegretReport;
import org.sgquant.search.Oracle;
import org.sgquant.search.Problem;
import org.sgquant.search.SearchStrategy;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;
import picocli.CommandLine.Option;

/** How strategies are compared on a study of all configurations, and the comparison itself. */
final class RegretOptions extends TrialOptions {

    @Option(
            names = "--strategy",
            paramLabel = "exhaustive",
            description = "That of the study, and no other (default: ${DEFAULT-VALUE}).")
    String strategy = Strategies.EXHAUSTIVE.toString();

    @Option(
            names = "--strategies",
            paramLabel = "NAME",
            split = ",",
            description = "Strategies to compare (default: ${DEFAULT-VALUE}).")
    List<String> strategies =
            List.of("random", "abs", "abs-forest", "knapsack", "hawq", "controller", "differentiable");

    @Option(names = "--repeats", paramLabel = "N", description = "Searches of each (default: ${DEFAULT-VALUE}).")
    int repeats = 5;

    @Override
    void check() {
        if (Strategies.of(strategy) != Strategies.EXHAUSTIVE) {
            throw new IllegalArgumentException("regret judges by a study of --strategy exhaustive, got " + strategy
                    + ": the strategies to compare are given by --strategies");
        }
        if (study == null) {
            throw new IllegalArgumentException("regret needs --study FILE, made by search --strategy exhaustive");
        }
        requireAtLeast("--repeats", 1, repeats);
        compared();
        super.check();
        if (!study.toFile().exists()) {
            throw new StudyException(study + ": there is no such study");
        }
    }

    List<Strategies> compared() {
        return strategies.stream().map(Strategies::of).toList();
    }

    /** The study, which another build may have made: its trials are judged by, not gone on with. */
    Study open(Recipe recipe, Dataset dataset, int seeds, String computer, Console console) {
        Study opened = Study.open(study, fingerprint(recipe, dataset, seeds, computer));
        String code = opened.header().get("code");
        if (!Version.code().equals(code)) {
            console.info("the study was measured by another build, " + code + "; this one is " + Version.code());
        }
        return opened;
    }

    /** How the strategies fare on what the study of all configurations measured. */
    RegretReport regret(
            Experiment experiment,
            List<Experiment.Trained> starts,
            Recipe recipe,
            Dataset dataset,
            BitSpace space,
            Study opened,
            String machine,
            Console console) {
        Problem problem = search(experiment, space, recipe).problem(starts, timings(machine), opened);
        int lanes = experiment.lanes().count();
        Oracle oracle = new Oracle(problem, opened.trials(), lanes);
        List<RegretReport.Row> rows = new ArrayList<>();
        try (Console.Progress progress = console.progress("regret", strategies.size() * repeats)) {
            for (Strategies strategy : compared()) {
                List<Oracle.Outcome> outcomes = new ArrayList<>();
                for (long seed = recipe.seed(); seed < recipe.seed() + repeats; seed++) {
                    SearchStrategy created = strategy.create(experiment, space, starts, fineTune(recipe), seed);
                    outcomes.add(oracle.run(created, prepared(oracle, problem, created, seed, lanes, opened), seed));
                    progress.step(strategy.toString());
                }
                rows.add(RegretReport.Row.of(strategy.toString(), outcomes));
            }
        }
        return new RegretReport(
                dataset.name(), recipe.model().name(), oracle.size(), objective, oracle.best(), repeats, rows);
    }

    /** Kept in the study, for some strategies train for it: a repetition of this seed by this build begins with it. */
    private Oracle.Prepared prepared(
            Oracle oracle, Problem problem, SearchStrategy strategy, long seed, int lanes, Study opened) {
        String key = "regret, seed " + seed + ", " + bounds() + ", " + objective + ", " + strategy.name() + ", "
                + problem.space() + ", lanes " + lanes + ", " + Version.code();
        byte[] kept = opened.once(
                key, () -> Json.write(oracle.prepare(strategy, seed)).getBytes(StandardCharsets.UTF_8));
        return Json.parse("study: " + key, new String(kept, StandardCharsets.UTF_8), Oracle.Prepared.class);
    }
}
