package org.sgquant.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sgquant.data.Dataset;
import org.sgquant.data.Datasets;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.SavedModel;
import org.sgquant.experiment.Strategies;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.WeightConfig;
import org.sgquant.report.Json;
import org.sgquant.report.RegretReport;
import org.sgquant.report.RunReport;
import org.sgquant.search.Bounds;
import org.sgquant.search.Cost;
import org.sgquant.search.Measurement;
import org.sgquant.search.Objective;
import org.sgquant.search.Oracle;
import org.sgquant.search.Problem;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.SearchStrategy;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;
import org.sgquant.tensor.BitWidth;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Option;

/** Options of the bit search, and the search itself. */
final class SearchOptions {

    /** Points of validation drop that are allowed where nothing is said. */
    private static final double USUAL_DROP = 0.3;

    private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*(KiB|MiB|GiB|B)?");
    private static final List<String> UNITS = List.of("", "KiB", "MiB", "GiB");

    @Option(
            names = "--strategy",
            paramLabel = "NAME",
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            completionCandidates = Strategies.Names.class)
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
                    + " ${DEFAULT-VALUE}; run trains no more than its own seeds).")
    int trialSeeds = 5;

    @Option(
            names = "--feature-bits",
            paramLabel = "Q",
            split = ",",
            converter = WidthConverter.class,
            description = "Widths of the features to choose from (default: ${DEFAULT-VALUE}).")
    List<BitWidth> featureBits = widths(1, 2, 4, 8);

    @Option(
            names = "--inner-bits",
            paramLabel = "Q",
            split = ",",
            converter = WidthConverter.class,
            description = "Widths of other cells to choose from, as 2,4,e4m3; attention takes the integers among them"
                    + " (default: ${DEFAULT-VALUE}).")
    List<BitWidth> innerBits = widths(1, 2, 3, 4, 5, 6, 8);

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

    /** Refuses what cannot be searched, before anything is trained. */
    void check() {
        Strategies.of(strategy);
        Objective.of(objective);
        requireAtLeast("--trials", 1, trials);
        requireAtLeast("--trial-seeds", 1, trialSeeds);
        requireAtLeast("--trial-epochs", 0, trialEpochs);
        requireAtLeast("--workers", 1, workers);
        if (featureBits.isEmpty() || innerBits.isEmpty()) {
            throw new IllegalArgumentException("--feature-bits and --inner-bits need at least one width each");
        }
        WidthConverter.requireDistinct("--feature-bits", featureBits);
        WidthConverter.requireDistinct("--inner-bits", innerBits);
        if (maxLatency != null && !(maxLatency > 0)) {
            throw new IllegalArgumentException("--max-latency must be above 0 ms, got " + maxLatency);
        }
        if (maxDrop != null && maxDrop.isNaN()) {
            throw new IllegalArgumentException("--max-drop must be a number of points, got " + maxDrop);
        }
        bounds();
        if (study == null) {
            if (resume || workers > 1) {
                throw new IllegalArgumentException((resume ? "--resume" : "--workers") + " needs --study FILE");
            }
        } else if (study.toFile().isDirectory()) {
            throw new StudyException(study + ": this is a folder, a study is a file");
        } else if (study.toFile().exists() && study.toFile().length() == 0 && !isWorker()) {
            throw new StudyException(study + ": the file is empty, no study: remove it, or name another");
        } else if (study.toFile().exists() && !resume && !isWorker()) {
            throw new StudyException(
                    study + ": the study is already there; continue it with --resume, or name another");
        } else if (!study.toFile().exists() && (resume || isWorker())) {
            throw new StudyException(study + ": there is no study to resume");
        }
    }

    private static void requireAtLeast(String option, int least, int value) {
        if (value < least) {
            throw new IllegalArgumentException(option + " must be at least " + least + ", got " + value);
        }
    }

    /** Divides the threads among the workers; a worker is silent, joins the study and ends with the one that it is for. */
    void share(CommonOptions common) {
        common.requireThreads();
        if (workers > common.threads) {
            throw new IllegalArgumentException("--workers " + workers + " need as many --threads at least, got "
                    + common.threads + ": give --threads " + workers);
        }
        common.threads /= workers;
        if (isWorker()) {
            common.quiet = true;
            WorkerProcesses.endWith(workerOf);
        }
    }

    /** Refuses, before anything is trained, weights that the strategy or a predicted latency cannot do with. */
    void require(WeightConfig weights) {
        Strategies.of(strategy).require(weights);
        boolean predicted = maxLatency != null || Objective.of(objective) == Objective.LATENCY;
        weights.require(!predicted || weights.isAffine(), "a predicted latency", "affine");
    }

    /** The study of models of {@code seeds} seeds, made or joined. */
    Study open(Recipe recipe, Dataset dataset, int seeds, String computer) {
        if (study == null) {
            return Study.inMemory();
        }
        Map<String, String> fingerprint = fingerprint(recipe, dataset, seeds, computer);
        fingerprint.put("code", Version.code());
        return Study.open(study, fingerprint);
    }

    /** The same, which another build may have made: its trials are judged by, not gone on with. */
    Study openOfAnyBuild(Recipe recipe, Dataset dataset, int seeds, String computer, Console console) {
        Study opened = Study.open(study, fingerprint(recipe, dataset, seeds, computer));
        String code = opened.header().get("code");
        if (!Version.code().equals(code)) {
            console.info("the study was measured by another build, " + code + "; this one is " + Version.code());
        }
        return opened;
    }

    private Map<String, String> fingerprint(Recipe recipe, Dataset dataset, int seeds, String computer) {
        Map<String, String> fingerprint = new LinkedHashMap<>();
        fingerprint.put("data", dataset.fingerprint());
        fingerprint.put("recipe", Json.writeYaml(recipe));
        fingerprint.put(
                "trial",
                "epochs " + trialEpochs + ", seeds " + Math.min(trialSeeds, seeds) + (latency ? ", latency" : ""));
        fingerprint.put("computer", computer);
        return fingerprint;
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
        if (Double.parseDouble(size.group(1)) < 1) {
            throw new IllegalArgumentException(option + " must be at least 1 byte, got '" + text + "'");
        }
        String unit = size.group(2) == null || size.group(2).equals("B") ? "" : size.group(2);
        return (long) (Double.parseDouble(size.group(1)) * (1L << (10 * UNITS.indexOf(unit))));
    }

    /** The models that trials start from: the first ones trained. */
    List<Experiment.Trained> starts(List<Experiment.Trained> trained) {
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
        try (Study opened = Study.annotate(study)) {
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
            BitSpace space,
            Study opened,
            String machine,
            SavedModel.Provenance provenance,
            RunReport fp32,
            Console console) {
        Strategies chosen = Strategies.of(strategy);
        int all = chosen == Strategies.EXHAUSTIVE ? (int) Math.min(space.space().size(), Integer.MAX_VALUE) : trials;
        SearchSettings settings =
                new SearchSettings(all, recipe.seed(), experiment.lanes().count());
        BitSearch search = search(experiment, space, recipe);
        if (!isWorker()) {
            StudyNotes.about(opened, provenance, fp32, space.names());
        }
        try (Console.Progress progress = console.progress("search", all)) {
            BitSearch.Outcome outcome = search.run(
                    starts,
                    chosen.create(experiment, space, starts, fineTune(recipe), recipe.seed()),
                    timings(machine),
                    opened,
                    settings,
                    progress(progress, console, space, starts));
            if (!isWorker()) {
                StudyNotes.memory(opened, outcome.bits(), () -> search.memory(starts.getFirst(), outcome.bits()));
                notes = StudyNotes.of(name(), opened);
            }
            return outcome;
        }
    }

    /**
     * What is searched.
     *
     * @throws IllegalArgumentException where a cell can have none of the widths to choose from
     */
    BitSpace space(Experiment experiment, Recipe recipe, Dataset dataset) {
        DegreeBuckets buckets = quartiles ? DegreeBuckets.quartiles(dataset.degrees()) : DegreeBuckets.NONE;
        return new BitSpace(
                experiment.model(), buckets, dataset.degrees(), recipe.quantConfig(), ids(featureBits), ids(innerBits));
    }

    static List<BitWidth> widths(int... bits) {
        return Arrays.stream(bits).mapToObj(BitWidth::of).toList();
    }

    /** As spaces have them. */
    static List<Integer> ids(List<BitWidth> widths) {
        return widths.stream().map(BitWidth::id).toList();
    }

    private BitSearch search(Experiment experiment, BitSpace space, Recipe recipe) {
        BitSearch.Goal goal = new BitSearch.Goal(Objective.of(objective), bounds(), latency);
        return new BitSearch(experiment, space, goal, fineTune(recipe));
    }

    /** Of a trial. */
    private TrainConfig fineTune(Recipe recipe) {
        return recipe.fineTune().config().withEpochs(trialEpochs);
    }

    private static BitSearch.Timings timings(String machine) {
        return new BitSearch.Timings(Datasets.cacheFolder().resolve("latency"), machine);
    }

    /** How {@code strategies} fare, {@code repeats} times each, on what the study of all configurations measured. */
    RegretReport regret(
            Experiment experiment,
            List<Experiment.Trained> starts,
            Recipe recipe,
            Dataset dataset,
            BitSpace space,
            Study opened,
            String machine,
            List<Strategies> strategies,
            int repeats,
            Console console) {
        Problem problem = search(experiment, space, recipe).problem(starts, timings(machine), opened);
        int lanes = experiment.lanes().count();
        Oracle oracle = new Oracle(problem, opened.trials(), lanes);
        List<RegretReport.Row> rows = new ArrayList<>();
        try (Console.Progress progress = console.progress("regret", strategies.size() * repeats)) {
            for (Strategies strategy : strategies) {
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

    /** Takes over what {@code section} of a recipe (null for none) says and no option does. */
    void apply(Recipe.Search section, Predicate<String> given) {
        if (section == null) {
            return;
        }
        strategy = either("--strategy", section.strategy(), strategy, given);
        trials = either("--trials", section.trials(), trials, given);
        objective = either("--objective", section.objective(), objective, given);
        maxDrop = either("--max-drop", section.maxDrop(), maxDrop, given);
        maxBytes = either("--max-bytes", section.maxBytes(), maxBytes, given);
        maxInnerBytes = either("--max-inner-bytes", section.maxInnerBytes(), maxInnerBytes, given);
        maxLatency = either("--max-latency", section.maxLatency(), maxLatency, given);
        trialEpochs = either("--trial-epochs", section.trialEpochs(), trialEpochs, given);
        trialSeeds = either("--trial-seeds", section.trialSeeds(), trialSeeds, given);
        featureBits = either("--feature-bits", section.featureBits(), featureBits, given);
        innerBits = either("--inner-bits", section.innerBits(), innerBits, given);
        quartiles = either("--quartiles", section.quartiles(), quartiles, given);
    }

    private static <T> T either(String option, T ofRecipe, T ofOption, Predicate<String> given) {
        return ofRecipe == null || given.test(option) ? ofOption : ofRecipe;
    }

    /** These options as the section of a recipe. */
    Recipe.Search section() {
        return new Recipe.Search(
                strategy,
                trials,
                objective,
                bounds().maxDrop() == Double.POSITIVE_INFINITY ? null : bounds().maxDrop(),
                maxBytes,
                maxInnerBytes,
                maxLatency,
                trialEpochs,
                trialSeeds,
                featureBits,
                innerBits,
                quartiles);
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
                Objective.of(objective).bytes(cost, maxInnerBytes != null),
                Double.isNaN(cost.latencySeconds()) ? null : cost.latencySeconds(),
                outcome.bits().toString(),
                study == null ? null : study.toString());
    }
}
