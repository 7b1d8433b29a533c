package org.sgquant.cli;

import java.nio.file.Path;
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

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds to average over (default: ${DEFAULT-VALUE}).")
    int seeds = 1;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "DIR",
            description = "Save the fp32 model there.")
    Path output;

    @Override
    public Integer call() {
        model.fineTuneEpochs = 0;
        try (Pipeline pipeline = new Pipeline(common, data, model, seeds)) {
            pipeline.train();
            if (output != null) {
                pipeline.quantize(pipeline.parse("32"));
            }
            return Finish.report(pipeline, common, output, Double.POSITIVE_INFINITY);
        }
    }
}
