package org.sgquant.cli;

import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.sgquant.data.Dataset;
import org.sgquant.data.DegreeHistogram;
import org.sgquant.doctor.Doctor;
import org.sgquant.experiment.BitLearning;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.KeptModels;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.PartialRecipe;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.Reports;
import org.sgquant.experiment.SavedModel;
import org.sgquant.experiment.Sensitivity;
import org.sgquant.experiment.SensitivityTable;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.model.Model;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.quant.QuantConfig;
import org.sgquant.quant.WeightConfig;
import org.sgquant.report.Json;
import org.sgquant.report.RegretReport;
import org.sgquant.report.ReportData;
import org.sgquant.report.RunReport;
import org.sgquant.report.SensitivityReport;
import org.sgquant.search.Study;
import org.sgquant.train.TrainConfig;

/** The steps that {@code run}, {@code train}, {@code quantize} and {@code search} share, and the report they fill. */
final class Pipeline implements AutoCloseable {

    private final CommonOptions common;
    private final CommonOptions.Device device;
    private final Console console;
    private final Recipe recipe;
    private final Dataset dataset;
    private final Lanes lanes;
    private final Experiment experiment;
    private final int seeds;

    private List<Experiment.Trained> trained = List.of();
    private BitAssignment bits;
    private List<Experiment.Packed> packed = List.of();
    private RunReport.SearchSummary search;
    private Recipe.Search searched;
    private List<RunReport.Alternative> alternatives;
    private Map<String, String> codesSha256;
    private String savedTo;
    private Double trainSeconds;
    private Double searchSeconds;
    private Double fineTuneSeconds;
    private Double inferenceSeconds;
    private Double fp32InferenceSeconds;

    /** {@code tasks} is how much can run side by side: seeds, or trials of a search. */
    Pipeline(CommonOptions common, DatasetOptionsGroup data, ModelOptions model, int seeds, int tasks) {
        if (seeds < 1) {
            throw new IllegalArgumentException("--seeds must be at least 1, got " + seeds);
        }
        this.common = common;
        this.console = common.console();
        this.seeds = seeds;
        this.recipe = model.recipe(data.recipe(), QuantConfig.DEFAULT, common.seed);
        model.announce(console, recipe);
        // What is wrong with an option is said before a large graph is read.
        recipe.check();
        this.device = common.describeDevice(console);
        this.dataset = data.open(recipe.dataset(), console);
        if (dataset.split().train().length == 0 || dataset.split().validation().length == 0) {
            dataset.close();
            throw new IllegalArgumentException(recipe.dataset().name()
                    + ": training needs labelled nodes to train on and to validate on;"
                    + " give --labels, and --split if you have one");
        }
        try {
            this.lanes = common.lanes(dataset, tasks);
        } catch (RuntimeException e) {
            dataset.close();
            throw e;
        }
        this.experiment = Experiment.of(lanes, recipe);
    }

    Experiment experiment() {
        return experiment;
    }

    DegreeBuckets quartiles() {
        return DegreeBuckets.quartiles(dataset.degrees());
    }

    /** Parses bits for this model and graph before anything is trained. */
    BitAssignment parse(String text) {
        return experiment.parse(text);
    }

    void train() {
        train(progress -> experiment.train(common.seed, seeds, progress));
    }

    private void train(Function<Consumer<Experiment.Trained>, List<Experiment.Trained>> training) {
        long start = System.nanoTime();
        try (Console.Progress progress = console.progress("train", seeds)) {
            trained = training.apply(
                    t -> progress.step("val %.1f".formatted(t.validation().accuracy())));
        }
        trainSeconds = seconds(start);
        for (Experiment.Trained t : trained) {
            console.detail("seed %d: fp32 validation %.2f, test %.2f"
                    .formatted(t.seed(), t.validation().accuracy(), t.test().accuracy()));
        }
    }

    /**
     * Trains and searches, in this process and in {@code options.workers - 1} more of the command line {@code arguments}:
     * what the study has already is taken from there.
     */
    BitAssignment search(SearchOptions options, List<String> arguments) {
        options.require(recipe.quantConfig().weights());
        BitSpace space = options.space(experiment, recipe, dataset);
        try (Study study = options.open(recipe, dataset, seeds, computer());
                Checkpoint checkpoint = options.study == null ? null : new Checkpoint(study, options)) {
            if (options.isWorker() || options.workers == 1) {
                return search(options, space, study);
            }
            try (WorkerProcesses workers = WorkerProcesses.start(options.workers - 1, arguments)) {
                checkpoint.add(workers);
                BitAssignment chosen = search(options, space, study);
                workers.await().ifPresent(console::info);
                return chosen;
            }
        }
    }

    private BitAssignment search(SearchOptions options, BitSpace space, Study study) {
        train(progress -> KeptModels.train(experiment, study, common.seed, seeds, progress));
        List<Experiment.Trained> starts = options.starts(trained);
        if (options.goal().isTimed() && !options.isWorker()) {
            fp32InferenceSeconds = study.alone(() -> experiment.fp32InferenceSeconds(starts.getFirst()));
        }
        long start = System.nanoTime();
        BitSearch.Outcome outcome = options.run(
                experiment, starts, recipe, space, study, machine(), provenance(common.seed), report(), console);
        searchSeconds = seconds(start);
        search = options.summary(outcome, starts);
        searched = options.section();
        return outcome.bits();
    }

    /** Whether the searched bits are within the bounds; else they are those of least drop. */
    boolean isWithinBounds() {
        return search.feasible();
    }

    /** How the strategies of {@code options} fare on their study, in which every configuration was measured. */
    RegretReport regret(RegretOptions options) {
        options.compared()
                .forEach(strategy -> strategy.require(recipe.quantConfig().weights()));
        BitSpace space = options.space(experiment, recipe, dataset);
        try (Study study = options.open(recipe, dataset, seeds, computer(), console)) {
            train(progress -> KeptModels.train(experiment, study, common.seed, seeds, progress));
            return options.regret(
                    experiment, options.starts(trained), recipe, dataset, space, study, machine(), console);
        }
    }

    /** What times are for. */
    private String machine() {
        return Doctor.cpuModel() + ", " + device.description() + ", lanes " + lanes.count() + ", "
                + dataset.fingerprint() + ", " + Json.writeYaml(recipe.model())
                + Json.writeYaml(recipe.quantization()) + recipe.storage() + ", " + computer() + ", "
                + Version.code();
    }

    /** What computes: results of devices and libraries differ in last bits. */
    private String computer() {
        return device.name() + ", dense " + common.dense + ", sparse " + common.sparse;
    }

    /** Refuses forms of weights whose levels are set while they train: a model cannot be packed as it is. */
    void requireAffine(String what) {
        WeightConfig weights = recipe.quantConfig().weights();
        weights.require(weights.isAffine(), what, "affine");
    }

    /** What {@code widths}, by their ids, of each cell do to the trained models. */
    SensitivityReport sensitivity(List<Integer> widths, boolean quartiles) {
        DegreeBuckets buckets = quartiles ? quartiles() : DegreeBuckets.NONE;
        BitSpace space =
                new BitSpace(experiment.model(), buckets, dataset.degrees(), recipe.quantConfig(), widths, widths);
        List<Sensitivity.Row> rows;
        try (Console.Progress progress =
                console.progress("sensitivity", space.space().dimensions().size() * seeds)) {
            rows = new Sensitivity(experiment, space).rows(trained, common.seed, cell -> progress.step(cell));
        }
        return SensitivityTable.of(
                dataset.name(),
                dataset.fingerprint(),
                recipe.model(),
                seeds,
                BitSearch.fp32Accuracy(trained),
                space,
                rows,
                bits -> PartialRecipe.textOf(recipe.withBits(bits, recipe.seed()), new DatasetOptionsGroup().recipe()));
    }

    TrainConfig fineTune() {
        return recipe.fineTune().config();
    }

    /** Widths per cell and degree class, learned from {@code start} on; without classes there, from doubling ones. */
    BitAssignment learnBits(LearnBitsOptions options, BitAssignment start) {
        long began = System.nanoTime();
        BitAssignment from =
                start.buckets().count() > 1 ? start : start.withBuckets(DegreeBuckets.doubling(dataset.degrees()));
        BitLearning learning = new BitLearning(experiment, options.settings(fineTune()));
        BitAssignment learned;
        try (Console.Progress progress = console.progress("learn bits", options.rounds)) {
            learned = learning.run(trained.subList(0, Math.min(options.seeds, trained.size())), from, measured -> {
                progress.step("");
                console.detail("widths measured: " + measured);
            });
        }
        searchSeconds = seconds(began);
        console.info("learned bits: " + learned);
        return learned;
    }

    void quantize(BitAssignment chosen) {
        bits = chosen;
        long start = System.nanoTime();
        try (Console.Progress progress = console.progress("fine-tune", seeds)) {
            packed = experiment.quantize(
                    trained,
                    bits,
                    p -> progress.step("val %.1f".formatted(p.validation().accuracy())));
        }
        fineTuneSeconds = seconds(start);
        inferenceSeconds = experiment.inferenceSeconds(packed.get(0), bits);
        fp32InferenceSeconds = experiment.fp32InferenceSeconds(trained.get(0));
        for (Experiment.Packed p : packed) {
            console.detail("seed %d: packed validation %.2f, test %.2f"
                    .formatted(p.seed(), p.validation().accuracy(), p.test().accuracy()));
        }
    }

    /** Quantizes under further assignments, given by name and bits, for comparison only. */
    void compare(Map<String, BitAssignment> others) {
        alternatives = new ArrayList<>();
        try (Console.Progress progress = console.progress("compare", others.size())) {
            others.forEach((name, other) -> {
                List<Experiment.Packed> result = experiment.quantize(trained, other, p -> {});
                alternatives.add(alternative(name, other, result));
                progress.step(name);
            });
        }
    }

    private RunReport.Alternative alternative(String name, BitAssignment other, List<Experiment.Packed> result) {
        var memory = result.get(0).memory();
        RunReport.Accuracy test = test(result);
        return new RunReport.Alternative(
                name,
                other.toString(),
                experiment.model().aggregated(other),
                memory.averageBits(),
                memory.bitsAll(),
                memory.bitsInner(),
                test,
                fp32Test().mean() - test.mean(),
                memory(result));
    }

    /** Saves the packed model of the seed of best validation accuracy. */
    void save(Path folder) {
        Experiment.Packed best = packed.stream()
                .max(Comparator.comparingDouble(p -> p.validation().accuracy()))
                .orElseThrow();
        lanes.run(lane -> {
            try (QuantizedModel model = experiment.restore(lane, best, bits)) {
                codesSha256 = model.codesSha256();
                savedTo = folder.toString();
                SavedModel.write(
                        folder,
                        model,
                        lane.backend(),
                        recipe.withBits(bits.toString(), best.seed()).withSearch(searched),
                        report(),
                        provenance(best.seed()));
                return null;
            }
        });
        console.info("model of seed " + best.seed() + " saved to " + folder);
    }

    private SavedModel.Provenance provenance(long seed) {
        return new SavedModel.Provenance(
                Version.code(),
                Runtime.version().toString(),
                System.getProperty("os.name") + " " + System.getProperty("os.arch"),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                dataset.name(),
                dataset.fingerprint(),
                seed,
                Doctor.cpuModel(),
                common.commandLine(),
                DegreeHistogram.of(dataset.degrees()));
    }

    /** What a page shows of a run that quantized; {@code studies} of the search that chose the bits. */
    ReportData page(List<StudyNotes> studies) {
        return Reports.of(bits, experiment.model().cellNames(), report(), provenance(common.seed), studies);
    }

    BitAssignment bits() {
        return bits;
    }

    /** Mean test drop in points, 0 before anything is quantized. */
    double testDrop() {
        return packed.isEmpty() ? 0 : fp32Test().mean() - test(packed).mean();
    }

    private RunReport.Accuracy fp32Test() {
        return RunReport.Accuracy.of(
                trained.stream().map(t -> t.test().accuracy()).toList());
    }

    private static RunReport.Accuracy test(List<Experiment.Packed> results) {
        return RunReport.Accuracy.of(
                results.stream().map(p -> p.test().accuracy()).toList());
    }

    RunReport report() {
        RunReport.Fp32 fp32 = new RunReport.Fp32(
                fp32Test(),
                RunReport.Accuracy.of(
                        trained.stream().map(t -> t.validation().accuracy()).toList()));
        return new RunReport(
                dataset.name(),
                dataset.splitSource(),
                recipe.model().name(),
                device.name(),
                device.description(),
                seeds,
                common.seed,
                fp32,
                packed.isEmpty() ? null : quantized(),
                packed.isEmpty() ? null : layers(),
                packed.isEmpty() ? null : memory(packed),
                search,
                alternatives,
                new RunReport.Seconds(
                        trainSeconds, searchSeconds, fineTuneSeconds, inferenceSeconds, fp32InferenceSeconds),
                codesSha256,
                savedTo);
    }

    private RunReport.Quantized quantized() {
        var memory = packed.get(0).memory();
        return new RunReport.Quantized(
                bits.toString(),
                memory.averageBits(),
                memory.bitsAll(),
                memory.bitsInner(),
                test(packed),
                RunReport.Accuracy.of(
                        packed.stream().map(p -> p.validation().accuracy()).toList()),
                testDrop());
    }

    private List<RunReport.Layer> layers() {
        Model model = experiment.model();
        return model.layers(bits).stream()
                .map(l -> new RunReport.Layer(l.layer(), l.order().toString(), l.aggregated()))
                .toList();
    }

    private static RunReport.Memory memory(List<Experiment.Packed> results) {
        long peak =
                results.stream().mapToLong(Experiment.Packed::peakBytes).max().orElse(0);
        return RunReport.Memory.of(results.get(0).memory(), peak);
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    @Override
    public void close() {
        lanes.close();
        dataset.close();
    }
}
