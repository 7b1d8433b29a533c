package org.sgquant.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.sgquant.data.Datasets;
import org.sgquant.data.GraphCollection;
import org.sgquant.experiment.GraphLevelExperiment;
import org.sgquant.experiment.GraphLevelExperiment.Packed;
import org.sgquant.experiment.GraphLevelExperiment.Trained;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.Recipe;
import org.sgquant.model.Model;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.RunReport;

/** The steps of {@link Pipeline} where whole graphs are classified: folds take the place of seeds. */
final class GraphPipeline implements AutoCloseable {

    private final CommonOptions.Device device;
    private final Console console;
    private final Recipe recipe;
    private final GraphCollection graphs;
    private final int folds;
    private final Lanes lanes;
    private final GraphLevelExperiment experiment;

    private List<Trained> trained = List.of();
    private BitAssignment bits;
    private List<Packed> packed = List.of();
    private List<RunReport.Alternative> alternatives;
    private Double trainSeconds;
    private Double fineTuneSeconds;

    GraphPipeline(CommonOptions common, DatasetOptionsGroup data, ModelOptions model, GraphOptions options) {
        options.refuseThoseOfNodes(data.dataset);
        if (model.named().search() != null) {
            throw new IllegalArgumentException(
                    model.named().source() + ": section search is for the nodes of one graph," + " and " + data.dataset
                            + " has whole graphs to classify");
        }
        this.console = common.console();
        this.recipe = options.given(
                model.recipe(data.recipe(), GraphLevelExperiment.QUANTIZATION, common.seed, GraphOptions::usual));
        model.announce(console, recipe);
        // What is wrong with an option is said before a large collection is read.
        GraphLevelExperiment.check(recipe);
        this.device = common.describeDevice(console);
        this.graphs = options.open(data, recipe.wholeGraphs().tags(), console);
        this.folds = options.folds(graphs);
        this.lanes = common.lanes(folds);
        this.experiment = GraphLevelExperiment.of(graphs, lanes, recipe);
    }

    /** Whether {@code data} names a collection of graphs. */
    static boolean serves(DatasetOptionsGroup data) {
        return data.edges == null && Datasets.isCollection(data.dataset);
    }

    void train() {
        long start = System.nanoTime();
        try (Console.Progress progress = console.progress("train", folds)) {
            trained = experiment.train(
                    folds,
                    t -> progress.step("val %.1f".formatted(t.validation().accuracy())));
        }
        trainSeconds = seconds(start);
        for (Trained t : trained) {
            console.detail("fold %d: fp32 validation %.2f, test %.2f"
                    .formatted(t.fold(), t.validation().accuracy(), t.test().accuracy()));
        }
    }

    BitAssignment parse(String text) {
        return experiment.parse(text);
    }

    void quantize(BitAssignment chosen) {
        bits = chosen;
        long start = System.nanoTime();
        packed = quantized(chosen, "fine-tune");
        fineTuneSeconds = seconds(start);
        for (Packed p : packed) {
            console.detail("fold %d: packed validation %.2f, test %.2f"
                    .formatted(p.fold(), p.validation().accuracy(), p.test().accuracy()));
        }
    }

    private List<Packed> quantized(BitAssignment assignment, String what) {
        try (Console.Progress progress = console.progress(what, folds)) {
            return experiment.quantize(
                    trained,
                    assignment,
                    p -> progress.step("val %.1f".formatted(p.validation().accuracy())));
        }
    }

    /** Quantizes with every inner cell at each of {@code widths}, for comparison only. */
    void compare(List<Integer> widths) {
        alternatives = new ArrayList<>();
        for (int width : widths) {
            BitAssignment other = parse(width + " L1.embedding=1");
            String name = "inner " + width;
            List<Packed> result = quantized(other, name);
            var memory = result.get(0).memory();
            RunReport.Accuracy test = test(result);
            alternatives.add(new RunReport.Alternative(
                    name,
                    other.toString(),
                    aggregated(other),
                    memory.averageBits(),
                    memory.bitsAll(),
                    memory.bitsInner(),
                    test,
                    fp32Test().mean() - test.mean(),
                    memory(result)));
        }
    }

    /** Mean test drop in points, 0 before anything is quantized. */
    double testDrop() {
        return packed.isEmpty() ? 0 : fp32Test().mean() - test(packed).mean();
    }

    private RunReport.Accuracy fp32Test() {
        return RunReport.Accuracy.of(
                trained.stream().map(t -> t.test().accuracy()).toList());
    }

    private static RunReport.Accuracy test(List<Packed> results) {
        return RunReport.Accuracy.of(
                results.stream().map(p -> p.test().accuracy()).toList());
    }

    private static RunReport.Memory memory(List<Packed> results) {
        long peak = results.stream().mapToLong(Packed::peakBytes).max().orElse(0);
        return RunReport.Memory.of(results.get(0).memory(), peak);
    }

    private String aggregated(BitAssignment assignment) {
        return experiment.model().layers(assignment).stream()
                .map(Model.LayerPlan::aggregated)
                .distinct()
                .collect(Collectors.joining(" and "));
    }

    RunReport report() {
        RunReport.Accuracy validation = RunReport.Accuracy.of(
                trained.stream().map(t -> t.validation().accuracy()).toList());
        return new RunReport(
                graphs.name(),
                graphs.foldSource(),
                recipe.model().name(),
                device.name(),
                device.description(),
                folds,
                0,
                new RunReport.Fp32(fp32Test(), validation),
                packed.isEmpty() ? null : quantized(),
                packed.isEmpty() ? null : layers(),
                packed.isEmpty() ? null : memory(packed),
                null,
                alternatives,
                new RunReport.Seconds(trainSeconds, null, fineTuneSeconds, null, null),
                null,
                null,
                folds);
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
        return experiment.model().layers(bits).stream()
                .map(l -> new RunReport.Layer(l.layer(), l.order().toString(), l.aggregated()))
                .toList();
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    @Override
    public void close() {
        lanes.close();
    }
}
