package org.sgquant.cli;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sgquant.data.NearNames;
import org.sgquant.experiment.BitLearning;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.DryRunReport;
import org.sgquant.report.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One chosen assignment instead of a search. */
@Command(
        name = "quantize",
        mixinStandardHelpOptions = true,
        description = "Train, fine-tune under one chosen bit assignment, pack, and evaluate the packed integers.",
        footerHeading = "%nBits:%n",
        footer = {
            "  Words separated by blanks, later ones override: 4 (every cell), L1=4 (a layer), message=4",
            "  (a component), L1.message=4 (a cell), L1.message=[8,4,4,2] @quartiles or @deg(2,3,5) (a width",
            "  per degree bucket, lowest degrees first). Widths: 1 to 8, 16, 32 (not quantized),",
            "  and e2m1, e3m2, e4m3, e5m2: floats of 4, 6 and 8 bits, a power of two for 32 of a row.",
            "  Cells of a GCN: embedding (a layer's input), message (what is aggregated), weight, and with",
            "  --norm edge also attention; a GAT has all four, an AGNN no message."
        })
final class QuantizeCommand implements Callable<Integer> {

    private static final Map<String, String> PRESETS = Map.of("paper", "embedding=4 attention=4");

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Mixin
    GraphOptions graphs;

    @Option(
            names = {"-b", "--bits"},
            paramLabel = "BITS",
            description = "Widths of the cells, see below.")
    String bits;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            description = "paper: embeddings and attention at 4 bits, edge norm, messages in fp32. --bits overrides"
                    + " its widths.")
    String preset;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 1;

    @Option(
            names = "--dry-run",
            description = "Print every tensor with its shape, bits and bytes and the sums, train and pack nothing.")
    boolean dryRun;

    @Mixin
    LayerOptions layers;

    @Mixin
    LearnBitsOptions learnBits;

    @Mixin
    ResultOptions result;

    @Mixin
    ReportOptions page;

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        if (dryRun) {
            checkDryRun();
        }
        if (GraphPipeline.serves(data)) {
            if (dryRun) {
                throw new IllegalArgumentException(
                        "--dry-run is for a single graph: every batch of whole graphs has sizes of its own");
            }
            result.checkWithoutModel();
            page.refuseForWholeGraphs();
            try (GraphPipeline pipeline = new GraphPipeline(common, data, preset(), graphs)) {
                BitAssignment assignment = layers.over(pipeline::parse, bits);
                pipeline.train();
                pipeline.quantize(assignment);
                return result.finish(pipeline.report(), pipeline.testDrop(), common.json);
            }
        }
        graphs.refuseThoseOfGraphs(data);
        result.check();
        page.check(null);
        try (Pipeline pipeline = new Pipeline(common, data, preset(), seeds, seeds)) {
            BitAssignment assignment = layers.over(pipeline::parse, bits);
            if (dryRun) {
                DryRunReport report = pipeline.experiment().dryRun(assignment);
                System.out.println(common.json ? Json.write(report) : report.text());
                return ExitCode.OK;
            }
            if (learnBits.isAsked()) {
                learnBits.settings(pipeline.fineTune());
                BitLearning.requireIntegers(pipeline.experiment().model(), assignment);
            }
            pipeline.train();
            if (learnBits.isAsked()) {
                assignment = pipeline.learnBits(learnBits, assignment);
            }
            pipeline.quantize(assignment);
            int code = result.finish(pipeline, common.json);
            page.write(() -> pipeline.page(List.of()));
            return code;
        }
    }

    private void checkDryRun() {
        if (learnBits.isAsked()) {
            throw new IllegalArgumentException("--dry-run needs chosen bits: --learn-bits finds them by training");
        }
        for (String option : List.of("--output", "--report", "--max-drop")) {
            if (model.isGiven(option)) {
                throw new IllegalArgumentException(
                        "--dry-run trains nothing that " + option + " could be of: leave one of them out");
            }
        }
    }

    private ModelOptions preset() {
        if (preset != null) {
            if (model.recipe != null) {
                throw new IllegalArgumentException("--preset and --recipe exclude each other");
            }
            if (!PRESETS.containsKey(preset)) {
                throw new IllegalArgumentException("preset '" + preset + "' does not exist: "
                        + NearNames.question(preset, PRESETS.keySet(), "choose paper"));
            }
            model.hyperparameters.weighEdges();
            bits = bits == null ? PRESETS.get(preset) : bits;
        }
        if (bits == null) {
            bits = model.named().bits();
        }
        if (bits == null && learnBits.isAsked()) {
            bits = "4";
        }
        if (bits == null) {
            throw new IllegalArgumentException(
                    model.recipe == null
                            ? "quantize needs --bits, --recipe, --preset or --learn-bits; try --bits 4"
                            : "quantize needs --bits: " + model.named().source()
                                    + " has none; 'sgquant run' searches them");
        }
        return model;
    }
}
