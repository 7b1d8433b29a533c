package org.sgquant.cli;

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

    void addTo(RecipeChanges changes) {
        changes.set("--loss", "/objective/labels", loss).set("--assumed-noise", "/objective/noise", assumedNoise);
        if (changes.isGiven("--loss") && loss.equals("plain") && assumedNoise == null) {
            changes.put("/objective/noise", null);
        }
        if (distill == null) {
            return;
        }
        String[] parts = distill.split(":", 2);
        try {
            changes.put("/objective/distillWeight", Float.valueOf(parts[0]));
            changes.put(
                    "/objective/distillTemperature",
                    parts.length == 1 ? Objective.Distillation.TEMPERATURE : Float.parseFloat(parts[1]));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("--distill '" + distill + "' is not of the form W or W:T", e);
        }
    }
}
