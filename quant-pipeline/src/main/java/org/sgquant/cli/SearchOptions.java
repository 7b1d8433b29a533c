package org.sgquant.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sgquant.data.Dataset;
import org.sgquant.data.Datasets;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.SavedModel;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.search.AbsSearch;
import org.sgquant.search.Bounds;
import org.sgquant.search.Cost;
import org.sgquant.search.Measurement;
import org.sgquant.search.Objective;
import org.sgquant.search.RandomSearch;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.SearchStrategy;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;
import org.sgquant.tensor.BitWidth;
import picocli.CommandLine.Option;

/** Options of the bit search, and the search itself. */
final class SearchOptions {

    /** Points of validation drop that are allowed where nothing is said. */
    private static final double USUAL_DROP = 0.3;

    private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(KiB|MiB|GiB|B)?");
    private static final List<String> UNITS = List.of("", "KiB", "MiB", "GiB");

    @Option(names = "--strategy", paramLabel = "NAME", description = "abs or random (default: ${DEFAULT-VALUE}).")
    String strategy = "abs";

    @Option(names = "--trials", paramLabel = "N", description = "Measured assignments (default: ${DEFAULT-VALUE}).")
    int trials = 120;

    @Option(
            names = "--objective",
            paramLabel = "WHAT",
            description =
                    "What to make small: stored bytes of all cells, of inner ones (without the features), latency of"
                            + " packed inference, or the validation drop (default: ${DEFAULT-VALUE}).")
    String objective = "all";

    @Option(
            names = "--max-bytes",
            paramLabel = "SIZE",
            description = "Most stored bytes of all cells, features counted dense; as 40000, 40KiB or 1.5MiB.")
    String maxBytes;

    @Option(names = "--max-inner-bytes", paramLabel = "SIZE", description = "Most stored bytes without the features.")
    String maxInnerBytes;

    @Option(
            names = "--max-latency",
            paramLabel = "MS",
            description = "Longest packed inference, milliseconds on this machine.")
    Double maxLatency;

    @Option(names = "--latency", description = "Time packed inference in every trial, though nothing needs it.")
    boolean latency;

    /** Largest validation drop, null where the command line names none. */
    Double maxDrop;

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

    @Option(
            names = "--resume",
            description = "Continue the study that is in the file; where it is running, join in as a further worker.")
    boolean resume;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Processes that work on the study, --threads divided among them (default: ${DEFAULT-VALUE}).")
    int workers = 1;

    @Option(names = WorkerProcesses.OPTION, hidden = true)
    Long workerOf;

    /** Whether this process is one of --workers and not the one that the user started. */
    boolean isWorker() {
        return workerOf != null;
    }

    private StudyNotes notes;

    private SearchStrategy createStrategy() {
        return switch (strategy) {
            case "abs" -> new AbsSearch();
            case "random" -> new RandomSearch();
            default ->
                throw new IllegalArgumentException("strategy '" + strategy + "' does not exist: choose abs or random");
        };
    }

    /** Refuses what cannot be searched, before anything is trained. */
    void check() {
        createStrategy();
        bounds();
        featureBits.forEach(BitWidth::of);
        innerBits.forEach(BitWidth::of);
        if (trials < 1) {
            throw new IllegalArgumentException("--trials must be at least 1, got " + trials);
        }
        if (workers < 1) {
            throw new IllegalArgumentException("--workers must be at least 1, got " + workers);
        }
        if (study == null) {
            if (resume || workers > 1) {
                throw new IllegalArgumentException((resume ? "--resume" : "--workers") + " needs --study FILE");
            }
        } else if (study.toFile().exists() && !resume && !isWorker()) {
            throw new StudyException(
                    study + ": the study is already there; continue it with --resume, or name another");
        } else if (!study.toFile().exists() && (resume || isWorker())) {
            throw new StudyException(study + ": there is no study to resume");
        }
    }

    /** Divides the threads among the workers; a worker is silent, joins the study and ends with the one that it is for. */
    void share(CommonOptions common) {
        common.threads = Math.max(1, common.threads / workers);
        if (isWorker()) {
            common.quiet = true;
            WorkerProcesses.endWith(workerOf);
        }
    }

    /** The study of models of {@code seeds} seeds, made or joined. */
    Study open(Recipe recipe, Dataset dataset, int seeds, String computer) {
        if (study == null) {
            return Study.inMemory();
        }
        return Study.open(
                study,
                Map.of(
                        "data", dataset.fingerprint(),
                        "recipe", Json.writeYaml(recipe),
                        "trial", "epochs " + trialEpochs + ", seeds " + Math.min(trialSeeds, seeds),
                        "computer", computer,
                        "code", Version.code()));
    }

    private Bounds bounds() {
        double noBound = Double.POSITIVE_INFINITY;
        double usual = Objective.of(objective) == Objective.DROP ? noBound : USUAL_DROP;
        return new Bounds(
                maxDrop == null ? usual : maxDrop,
                size("--max-bytes", maxBytes),
                size("--max-inner-bytes", maxInnerBytes),
                maxLatency == null ? noBound : maxLatency / 1e3);
    }

    private static long size(String option, String text) {
        if (text == null) {
            return Long.MAX_VALUE;
        }
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new IllegalArgumentException(
                    option + " '" + text + "' is no size: give bytes, or a number with KiB, MiB or GiB");
        }
        String unit = size.group(2) == null || size.group(2).equals("B") ? "" : size.group(2);
        return (long) (Double.parseDouble(size.group(1)) * (1L << (10 * UNITS.indexOf(unit))));
    }

    /** The models that trials start from: the first ones trained. */
    List<Experiment.Trained> starts(List<Experiment.Trained> trained) {
        if (trialSeeds < 1) {
            throw new IllegalArgumentException("--trial-seeds must be at least 1, got " + trialSeeds);
        }
        return trained.subList(0, Math.min(trialSeeds, trained.size()));
    }

    /** What the study held when the search ended. */
    StudyNotes notes() {
        return notes;
    }

    /** Keeps in the study, where there is a file, what became of the chosen bits. */
    void note(BitAssignment bits, RunReport report) {
        if (study == null) {
            return;
        }
        try (Study opened = Study.look(study)) {
            StudyNotes.run(opened, bits, report);
        }
    }

    private String name() {
        return study == null ? strategy : StudyNotes.name(study);
    }

    /**
     * Searches bits for {@code starts}, models trained by {@code recipe}, of which {@code fp32} tells;
     * {@code machine} is what times are for.
     */
    BitSearch.Outcome run(
            Experiment experiment,
            List<Experiment.Trained> starts,
            Recipe recipe,
            Dataset dataset,
            Study opened,
            String machine,
            SavedModel.Provenance provenance,
            RunReport fp32,
            Console console) {
        DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
        BitSpace space = new BitSpace(
                experiment.model(), buckets, dataset.degrees(), recipe.quantConfig(), featureBits, innerBits);
        BitSearch.Goal goal = new BitSearch.Goal(Objective.of(objective), bounds(), latency);
        BitSearch search = new BitSearch(
                experiment, space, goal, recipe.fineTune().config().withEpochs(trialEpochs));
        SearchSettings settings =
                new SearchSettings(trials, recipe.seed(), experiment.lanes().count());
        BitSearch.Timings timings = new BitSearch.Timings(Datasets.cacheFolder().resolve("latency"), machine);
        if (!isWorker()) {
            StudyNotes.about(opened, provenance, fp32, space.names());
        }
        try (Console.Progress progress = console.progress("search", trials)) {
            BitSearch.Outcome outcome = search.run(
                    starts, createStrategy(), timings, opened, settings, progress(progress, console, space, starts));
            if (!isWorker()) {
                StudyNotes.memory(opened, outcome.bits(), () -> search.memory(starts.getFirst(), outcome.bits()));
                notes = StudyNotes.of(name(), opened);
            }
            return outcome;
        }
    }

    private SearchListener progress(
            Console.Progress progress, Console console, BitSpace space, List<Experiment.Trained> starts) {
        Objective least = Objective.of(objective);
        double fp32 = BitSearch.fp32Accuracy(starts);
        double[] best = {Double.POSITIVE_INFINITY};
        return (trial, finished, total) -> {
            Measurement m = trial.measurement();
            if (trial.feasible()) {
                double value = least == Objective.DROP ? fp32 - m.validationAccuracy() : least.of(m.cost());
                best[0] = Math.min(best[0], value);
            }
            progress.step(best[0] == Double.POSITIVE_INFINITY ? "none yet" : "best " + least.format(best[0]));
            console.detail("trial " + trial.number() + ": " + space.assignment(trial.bits()) + " validation "
                    + m.validationAccuracy());
        };
    }

    /** The bytes that the objective counts, all unless it is the inner ones. */
    private long bytes(Cost cost) {
        return Objective.of(objective) == Objective.INNER ? cost.innerBytes() : cost.bytes();
    }

    /** The part of the report that tells of a search. */
    RunReport.SearchSummary summary(BitSearch.Outcome outcome, List<Experiment.Trained> starts) {
        var best = outcome.result().best();
        Bounds bounds = bounds();
        Cost cost = best.measurement().cost();
        return new RunReport.SearchSummary(
                strategy,
                outcome.result().trials().size(),
                objective,
                bounds.maxDrop() == Double.POSITIVE_INFINITY ? null : bounds.maxDrop(),
                maxBytes == null ? null : bounds.maxBytes(),
                maxInnerBytes == null ? null : bounds.maxInnerBytes(),
                maxLatency == null ? null : bounds.maxLatencySeconds(),
                BitSearch.fp32Accuracy(starts) - best.measurement().validationAccuracy(),
                best.feasible(),
                bytes(cost),
                Double.isNaN(cost.latencySeconds()) ? null : cost.latencySeconds(),
                outcome.bits().toString(),
                study == null ? null : study.toString());
    }
}
