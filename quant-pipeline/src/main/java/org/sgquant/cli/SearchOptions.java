package org.sgquant.cli;

import java.nio.file.Path;
import java.util.List;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.Strategies;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.search.Bounds;
import org.sgquant.search.Cost;
import org.sgquant.search.Objective;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;
import org.sgquant.tensor.BitWidth;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Option;

/** Options of the bit search, and the search itself. */
final class SearchOptions {

    @Option(
            names = "--strategy",
            paramLabel = "NAME",
            description = "abs, random, knapsack, hawq, controller or differentiable (default: ${DEFAULT-VALUE}).")
    String strategy = "abs";

    @Option(names = "--trials", paramLabel = "N", description = "Measured assignments (default: ${DEFAULT-VALUE}).")
    int trials = 120;

    @Option(
            names = "--objective",
            paramLabel = "SET",
            description = "Stored bytes to make small: all cells, or inner ones, without the features"
                    + " (default: ${DEFAULT-VALUE}).")
    String objective = "all";

    @Option(
            names = "--search-drop",
            paramLabel = "POINTS",
            description = "Largest validation drop of a trial (default: ${DEFAULT-VALUE}).")
    double searchDrop = 0.3;

    @Option(
            names = "--trial-epochs",
            paramLabel = "N",
            description = "Fine-tuning epochs of a trial (default: ${DEFAULT-VALUE}).")
    int trialEpochs = 20;

    @Option(
            names = "--trial-seeds",
            paramLabel = "N",
            description = "Seeds whose fp32 models every trial fine-tunes; the mean counts (default:"
                    + " ${DEFAULT-VALUE}, or --seeds where that is less).")
    int trialSeeds = 5;

    @Option(
            names = "--feature-bits",
            paramLabel = "Q",
            split = ",",
            description = "Widths of the features to choose from (default: ${DEFAULT-VALUE}).")
    List<Integer> featureBits = List.of(1, 2, 4, 8);

    @Option(
            names = "--inner-bits",
            paramLabel = "Q",
            split = ",",
            description = "Widths of other cells to choose from (default: ${DEFAULT-VALUE}).")
    List<Integer> innerBits = List.of(1, 2, 3, 4, 5, 6, 8);

    @Option(
            names = "--quartiles",
            description = "Widths per degree quartile: topology-aware granularity (default: one per cell).")
    boolean quartiles;

    @Option(
            names = "--study",
            paramLabel = "FILE",
            description = "SQLite file that keeps every trial as it ends (default: in memory).")
    Path study;

    @Option(names = "--resume", description = "Continue the study that is in the file.")
    boolean resume;

    /** Refuses what cannot be searched, before anything is trained. */
    void check() {
        Strategies.of(strategy);
        Objective.of(objective);
        featureBits.forEach(BitWidth::of);
        innerBits.forEach(BitWidth::of);
        if (trials < 1) {
            throw new IllegalArgumentException("--trials must be at least 1, got " + trials);
        }
        if (study == null) {
            if (resume) {
                throw new IllegalArgumentException("--resume needs --study FILE");
            }
        } else if (study.toFile().exists() && !resume) {
            throw new StudyException(
                    study + ": the study is already there; continue it with --resume, or name another");
        } else if (!study.toFile().exists() && resume) {
            throw new StudyException(study + ": there is no study to resume");
        }
    }

    private Study open(Recipe recipe, Dataset dataset, List<Experiment.Trained> starts) {
        if (study == null) {
            return Study.inMemory();
        }
        return Study.open(
                study,
                java.util.Map.of(
                        "data", dataset.fingerprint(),
                        "recipe", Json.writeYaml(recipe),
                        "trial", "epochs " + trialEpochs + ", seeds " + starts.size() + ", objective " + objective));
    }

    /** The models that trials start from: the first ones trained. */
    List<Experiment.Trained> starts(List<Experiment.Trained> trained) {
        if (trialSeeds < 1) {
            throw new IllegalArgumentException("--trial-seeds must be at least 1, got " + trialSeeds);
        }
        return trained.subList(0, Math.min(trialSeeds, trained.size()));
    }

    /** Searches bits for {@code starts}, models trained by {@code recipe}. */
    BitSearch.Outcome run(
            Experiment experiment, List<Experiment.Trained> starts, Recipe recipe, Dataset dataset, Console console) {
        DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
        BitSpace space = new BitSpace(
                experiment.model(), buckets, dataset.degrees(), recipe.quantConfig(), featureBits, innerBits);
        TrainConfig fineTune = recipe.fineTune().config().withEpochs(trialEpochs);
        BitSearch search = new BitSearch(experiment, space, Objective.of(objective), fineTune);
        SearchSettings settings =
                new SearchSettings(trials, recipe.seed(), experiment.lanes().count());
        try (Study opened = open(recipe, dataset, starts);
                Console.Progress progress = console.progress("search", trials)) {
            return search.run(
                    starts,
                    Strategies.of(strategy).create(experiment, space, starts, fineTune, recipe.seed()),
                    Bounds.drop(searchDrop),
                    opened,
                    settings,
                    progress(progress, console, space));
        }
    }

    private SearchListener progress(Console.Progress progress, Console console, BitSpace space) {
        Objective least = Objective.of(objective);
        double[] best = {Double.POSITIVE_INFINITY};
        return (trial, finished, total) -> {
            if (trial.feasible()) {
                best[0] = Math.min(best[0], least.of(trial.measurement().cost()));
            }
            progress.step(best[0] == Double.POSITIVE_INFINITY ? "none yet" : "best %.0f B".formatted(best[0]));
            console.detail("trial " + trial.number() + ": " + space.assignment(trial.bits()) + " validation "
                    + trial.measurement().validationAccuracy());
        };
    }

    /** The bytes that the objective counts, all unless it is the inner ones. */
    private long bytes(Cost cost) {
        return Objective.of(objective) == Objective.INNER ? cost.innerBytes() : cost.bytes();
    }

    /** The part of the report that tells of a search. */
    RunReport.SearchSummary summary(BitSearch.Outcome outcome, List<Experiment.Trained> starts) {
        var best = outcome.result().best();
        return new RunReport.SearchSummary(
                strategy,
                outcome.result().trials().size(),
                objective,
                searchDrop,
                BitSearch.fp32Accuracy(starts) - best.measurement().validationAccuracy(),
                best.feasible(),
                bytes(best.measurement().cost()),
                outcome.bits().toString(),
                study == null ? null : study.toString());
    }
}
