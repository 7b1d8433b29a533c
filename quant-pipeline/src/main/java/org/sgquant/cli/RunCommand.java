package org.sgquant.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.sgquant.quant.BitAssignment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The main job: train in fp32, search bits, fine-tune, pack, and evaluate the packed integers. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Train in fp32, search bits, fine-tune, pack, and evaluate the packed integers.")
final class RunCommand implements Callable<Integer> {

    /** Uniform widths of every inner cell that the result is compared with. */
    private static final List<Integer> COMPARED = List.of(4, 3, 2);

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Mixin
    SearchOptions search;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 3;

    @Option(
            names = "--max-drop",
            paramLabel = "POINTS",
            description = "Exit with 3 if the mean test drop is larger (default: no gate).")
    double maxDrop = Double.POSITIVE_INFINITY;

    @Option(names = "--no-compare", description = "Skip the comparison with inner cells at 4, 3 and 2 bits.")
    boolean noCompare;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            description = "Save the packed model there.")
    Path output;

    @Override
    public Integer call() {
        search.check();
        try (Pipeline pipeline = new Pipeline(common, data, model, seeds)) {
            pipeline.train();
            BitAssignment bits = pipeline.search(search);
            pipeline.quantize(bits);
            if (!noCompare) {
                String features = "L1.embedding="
                        + bits.widths(org.sgquant.quant.Cell.parse("L1.embedding"))
                                .get(0)
                                .bits();
                pipeline.compare(COMPARED.stream().map(q -> q + " " + features).toList());
            }
            return Finish.report(pipeline, common, output, maxDrop);
        }
    }
}
