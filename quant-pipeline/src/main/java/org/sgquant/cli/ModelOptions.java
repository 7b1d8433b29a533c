package org.sgquant.cli;

import java.util.Locale;
import org.sgquant.experiment.Recipe;
import org.sgquant.model.GcnConfig;
import org.sgquant.quant.QuantConfig;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the model, its training and its quantization. */
final class ModelOptions {

    @Option(names = "--model", paramLabel = "NAME", description = "gcn (default: ${DEFAULT-VALUE}).")
    String model = "gcn";

    @Option(names = "--layers", paramLabel = "N", description = "Layers (default: ${DEFAULT-VALUE}).")
    int layers = GcnConfig.DEFAULT.layers();

    @Option(names = "--hidden", paramLabel = "N", description = "Hidden units (default: ${DEFAULT-VALUE}).")
    int hidden = GcnConfig.DEFAULT.hidden();

    @Option(names = "--dropout", paramLabel = "P", description = "Dropout (default: ${DEFAULT-VALUE}).")
    float dropout = GcnConfig.DEFAULT.dropout();

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "L2 penalty on the first layer (default: ${DEFAULT-VALUE}).")
    float weightDecay = GcnConfig.DEFAULT.weightDecay();

    @Option(
            names = "--norm",
            paramLabel = "MODE",
            description = "folded: the GCN norm scales rows; edge: one quantizable weight per edge, SGQuant's"
                    + " attention (default: ${DEFAULT-VALUE}).")
    String norm = "folded";

    @Option(
            names = "--order",
            paramLabel = "MODE",
            description = "auto, transform-first or aggregate-first, for layers whose message is 32 bits"
                    + " (default: ${DEFAULT-VALUE}).")
    String order = "auto";

    @Option(names = "--epochs", paramLabel = "N", description = "fp32 epochs (default: ${DEFAULT-VALUE}).")
    int epochs = TrainConfig.FP32.epochs();

    @Option(names = "--lr", paramLabel = "X", description = "fp32 learning rate (default: ${DEFAULT-VALUE}).")
    float learningRate = TrainConfig.FP32.learningRate();

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after N epochs without a better checkpoint (default: never).")
    int patience = Integer.MAX_VALUE;

    @Option(
            names = "--finetune-epochs",
            paramLabel = "N",
            description = "Fine-tuning epochs, 0 for none (default: ${DEFAULT-VALUE}).")
    int fineTuneEpochs = TrainConfig.FINE_TUNE.epochs();

    @Option(
            names = "--finetune-lr",
            paramLabel = "X",
            description = "Fine-tuning learning rate (default: ${DEFAULT-VALUE}).")
    float fineTuneLearningRate = TrainConfig.FINE_TUNE.learningRate();

    @Option(
            names = "--features-granularity",
            paramLabel = "G",
            description = "Scales of the input features: tensor, bucket, column, row or rowcode"
                    + " (default: ${DEFAULT-VALUE}).")
    String featuresGranularity = lowerCase(QuantConfig.DEFAULT.featuresGranularity());

    @Option(
            names = "--features-calibration",
            paramLabel = "C",
            description = "minmax, rowmean, mse or percentile[:P] (default: ${DEFAULT-VALUE}).")
    String featuresCalibration = QuantConfig.DEFAULT.featuresCalibration().toString();

    @Option(
            names = "--granularity",
            paramLabel = "G",
            description = "Scales of all other cells but weights: tensor, bucket, column, or rowcode: a byte per row"
                    + " times the scale of a bucket (default: ${DEFAULT-VALUE}).")
    String granularity = lowerCase(QuantConfig.DEFAULT.innerGranularity());

    @Option(
            names = "--calibration",
            paramLabel = "C",
            description = "minmax, rowmean, mse or percentile[:P] (default: ${DEFAULT-VALUE}).")
    String calibration = QuantConfig.DEFAULT.innerCalibration().toString();

    @Option(
            names = "--rounding",
            paramLabel = "R",
            description = "nearest, or paper: floor with 2^q steps (default: ${DEFAULT-VALUE}).")
    String rounding = lowerCase(QuantConfig.DEFAULT.rounding());

    @Option(names = "--clip-mask", description = "No straight-through gradient outside the range.")
    boolean clipMask;

    @Mixin
    StorageOptions storage;

    /** The recipe of these options for {@code data}, bits still open. */
    Recipe recipe(Recipe.Data data, long seed) {
        return new Recipe(
                data,
                new Recipe.Gcn(model, layers, hidden, dropout, weightDecay, norm, order),
                new Recipe.Training(epochs, learningRate, learningRate, patience),
                new Recipe.Training(fineTuneEpochs, fineTuneLearningRate, fineTuneLearningRate, patience),
                new Recipe.Quantization(
                        featuresGranularity, featuresCalibration, granularity, calibration, rounding, clipMask),
                storage.recipe(),
                "32",
                seed);
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
