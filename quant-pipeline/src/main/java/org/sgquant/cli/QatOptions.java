package org.sgquant.cli;

import org.sgquant.quant.Protection;
import org.sgquant.quant.QatConfig;
import picocli.CommandLine.Option;

/** Options of quantization-aware fine-tuning. */
final class QatOptions {

    @Option(
            names = "--learn-steps",
            description =
                    "Train scales and offsets along with the weights, from the calibrated ones on; with --clip-mask as"
                            + " LSQ does.")
    boolean learnSteps;

    @Option(
            names = "--step-rate",
            paramLabel = "X",
            description = "Learning rate of learned scales, as a factor of the weights' (default: ${DEFAULT-VALUE}).")
    float stepRate = QatConfig.OFF.stepRate();

    @Option(
            names = "--protect",
            paramLabel = "LOW:HIGH",
            description =
                    "Keep nodes in fp32 at random while fine-tuning, with a probability that rises from LOW to HIGH"
                            + " with their degree (Degree-Quant; default: none).")
    String protection = Protection.NONE.toString();

    void addTo(RecipeChanges changes) {
        changes.set("--learn-steps", "/qat/learnedSteps", learnSteps)
                .set("--step-rate", "/qat/stepRate", stepRate)
                .set("--protect", "/qat/protection", protection);
    }
}
