package org.sgquant.cli;

import org.sgquant.data.LabelNoise;
import org.sgquant.experiment.Recipe;
import org.sgquant.train.Objective;
import picocli.CommandLine.Option;

/** Options of what training minimises. */
final class ObjectiveOptions {

    @Option(
            names = "--distill",
            paramLabel = "W[:T]",
            description = "Fine-tune with share W on the fp32 model's logits of every node, softened by temperature T"
                    + " (default: none, T 2).")
    String distill;

    @Option(
            names = "--loss",
            paramLabel = "L",
            description = "Loss on labels: plain, or corrected for noisy labels, forward or backward"
                    + " (default: ${DEFAULT-VALUE}).")
    String loss = "plain";

    @Option(
            names = "--assumed-noise",
            paramLabel = "RATE",
            description = "Symmetric label noise that --loss corrects (default: that of --label-noise).")
    Double assumedNoise;

    /** The loss part of a recipe, null for the plain cross-entropy alone. */
    Recipe.Loss recipe(LabelNoise put) {
        boolean plain = loss.equals("plain");
        if (plain && assumedNoise != null) {
            throw new IllegalArgumentException("--assumed-noise is for --loss forward or backward");
        }
        if (!plain && assumedNoise == null && put == null) {
            throw new IllegalArgumentException("--loss " + loss + " needs --assumed-noise or --label-noise");
        }
        if (plain && distill == null) {
            return null;
        }
        Double noise = plain ? null : assumedNoise != null ? assumedNoise : Double.valueOf(put.rate());
        if (distill == null) {
            return new Recipe.Loss(loss, noise, null, null);
        }
        String[] parts = distill.split(":", 2);
        try {
            float temperature = parts.length == 1 ? Objective.Distillation.TEMPERATURE : Float.parseFloat(parts[1]);
            return new Recipe.Loss(loss, noise, Float.parseFloat(parts[0]), temperature);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--distill '" + distill + "' is not of the form W or W:T", e);
        }
    }
}
