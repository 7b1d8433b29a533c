package org.sgquant.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** fp32 training alone. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Train in fp32 and report the accuracy at the checkpoint of best validation accuracy.")
final class TrainCommand implements Callable<Integer> {

    @Mixin
    CommonOptions common;

    @Mixin
    DatasetOptionsGroup data;

    @Mixin
    ModelOptions model;

    @Mixin
    GraphOptions graphs;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 1;

    @Mixin
    ResultOptions result;

    @Override
    public Integer call() {
        model.applyRecipe(common, data);
        if (GraphPipeline.serves(data)) {
            result.checkWithoutModel();
            try (GraphPipeline pipeline = new GraphPipeline(common, data, model, graphs)) {
                pipeline.train();
                return result.finish(pipeline.report(), 0, common.json);
            }
        }
        graphs.refuseThoseOfGraphs(data);
        result.check();
        model.withoutFineTuning();
        try (Pipeline pipeline = new Pipeline(common, data, model, seeds, seeds)) {
            pipeline.train();
            if (result.savesModel()) {
                pipeline.quantize(pipeline.parse("32"));
            }
            return result.finish(pipeline, common.json);
        }
    }
}
