package org.sgquant.cli;

import java.util.List;
import org.sgquant.experiment.Recipe;
import org.sgquant.quant.FreezingOrder;
import org.sgquant.quant.WeightConfig;
import picocli.CommandLine.Option;

/** Options of how weights are quantized. */
final class WeightOptions {

    @Option(
            names = "--weights",
            paramLabel = "FORM",
            description = "affine; pot[:ORDER]: powers of two, frozen in the order random, pruning, weighted-pruning,"
                    + " nearest or weighted-nearest; or multibit: sums of 1 to 4 signs with a scale each per"
                    + " column (default: ${DEFAULT-VALUE}; pot alone is pot:pruning).")
    String weights = "affine";

    @Option(
            names = "--pot-shares",
            paramLabel = "S",
            split = ",",
            description = "Shares of the weights that are frozen after each step of pot (default: 0.3,0.6,0.8,1).")
    List<Double> shares;

    @Option(
            names = "--weight-calibration",
            paramLabel = "C",
            description = "Ranges of affine weights: minmax, rowmean, mse, sign or percentile[:P] (default: mse).")
    String calibration;

    /** A form replaces all that a recipe says of weights; shares or a calibration alone change what it says. */
    void addTo(RecipeChanges changes) {
        if (changes.isGiven("--weights") || !changes.isRecipeNamed()) {
            changes.put("/quantization/weights", recipe());
            return;
        }
        changes.set("--pot-shares", "/quantization/weights/shares", shares)
                .set("--weight-calibration", "/quantization/weights/calibration", calibration);
    }

    /** The weights part of a recipe, null where weights are as usual. */
    private Recipe.Quantization.Weights recipe() {
        boolean powers = weights.equals("pot") || weights.startsWith("pot:");
        boolean multibit = weights.equals("multibit");
        boolean affine = weights.equals("affine");
        if (!powers && !multibit && !affine) {
            throw new IllegalArgumentException(
                    "weights '" + weights + "' do not exist: choose affine, pot[:ORDER] or multibit");
        }
        if (!affine && calibration != null) {
            throw new IllegalArgumentException("--weight-calibration is for --weights affine");
        }
        if (!powers && shares != null) {
            throw new IllegalArgumentException("--pot-shares is for --weights pot");
        }
        if (multibit) {
            return new Recipe.Quantization.Weights(null, null, null, true);
        }
        if (affine) {
            return calibration == null ? null : new Recipe.Quantization.Weights(calibration, null, null, null);
        }
        String order = weights.equals("pot") ? FreezingOrder.PRUNING.toString() : weights.substring("pot:".length());
        return new Recipe.Quantization.Weights(null, order, shares == null ? WeightConfig.Powers.SHARES : shares, null);
    }
}
