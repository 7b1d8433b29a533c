package org.sgquant.cli;

import org.sgquant.quant.QatConfig;
import picocli.CommandLine.Option;

/** Options of quantization-aware fine-tuning. */
final class QatOptions {

    @Option(
            names = "--learn-steps",
            description = "Train scales and offsets along with the weights (LSQ), from the calibrated ones on.")
    boolean learnSteps;

    @Option(
            names = "--step-rate",
            paramLabel = "X",
            description = "Learning rate of learned scales, as a factor of the weights' (default: ${DEFAULT-VALUE}).")
    float stepRate = QatConfig.OFF.stepRate();

    QatConfig config() {
        return new QatConfig(learnSteps, stepRate);
    }
}
