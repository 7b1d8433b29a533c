package org.sgquant.cli;

import java.util.Locale;
import org.sgquant.experiment.ModelSettings;
import org.sgquant.experiment.Recipe;
import org.sgquant.quant.QuantConfig;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the model, its training and its quantization. */
final class ModelOptions {

    @Mixin
    HyperparameterOptions hyperparameters = new HyperparameterOptions();

    @Option(names = "--epochs", paramLabel = "N", description = "fp32 epochs (default: the model's).")
    Integer epochs;

    @Option(names = "--lr", paramLabel = "X", description = "fp32 learning rate (default: the model's).")
    Float learningRate;

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
            description = "minmax, rowmean, mse, sign or percentile[:P] (default: ${DEFAULT-VALUE}).")
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
            description = "minmax, rowmean, mse, sign or percentile[:P] (default: mse; percentile:0.99 on whole"
                    + " graphs).")
    String calibration;

    @Option(
            names = "--rounding",
            paramLabel = "R",
            description = "nearest, or paper: floor with 2^q steps (default: ${DEFAULT-VALUE}).")
    String rounding = lowerCase(QuantConfig.DEFAULT.rounding());

    @Option(
            names = "--clip-mask",
            negatable = true,
            description = "No straight-through gradient outside the range; of signs (calibration sign, weights"
                    + " multibit) outside [-1, 1] (default: off; on for whole graphs).")
    Boolean clipMask;

    @Mixin
    QatOptions qat = new QatOptions();

    @Mixin
    ObjectiveOptions objective = new ObjectiveOptions();

    @Mixin
    WeightOptions weights = new WeightOptions();

    @Mixin
    StorageOptions storage = new StorageOptions();

    /** The recipe of these options for {@code data}, bits still open; ranges as in {@code usual} where not named. */
    Recipe recipe(Recipe.Data data, QuantConfig usual, long seed) {
        ModelSettings model = hyperparameters.settings();
        TrainConfig fp32 = TrainConfig.of(model.config());
        float rate = learningRate == null ? fp32.learningRate() : learningRate;
        return new Recipe(
                data,
                model,
                new Recipe.Training(epochs == null ? fp32.epochs() : epochs, rate, rate, patience),
                new Recipe.Training(fineTuneEpochs, fineTuneLearningRate, fineTuneLearningRate, patience),
                objective.recipe(data.labelNoise()),
                new Recipe.Quantization(
                        featuresGranularity,
                        featuresCalibration,
                        granularity,
                        calibration == null ? usual.innerCalibration().toString() : calibration,
                        rounding,
                        clipMask == null ? usual.clipMask() : clipMask,
                        weights.recipe()),
                Recipe.Qat.of(qat.config()),
                storage.recipe(),
                null,
                "32",
                seed);
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
