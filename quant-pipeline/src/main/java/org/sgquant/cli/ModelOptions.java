package org.sgquant.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.sgquant.experiment.PartialRecipe;
import org.sgquant.experiment.Recipe;
import org.sgquant.quant.QuantConfig;
import org.sgquant.report.Json;
import org.sgquant.train.TrainConfig;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of the model, its training and its quantization. */
final class ModelOptions {

    @Option(
            names = "--recipe",
            paramLabel = "NAME|FILE",
            description = "A preset ('sgquant recipes' lists them) or a YAML file with sections of a saved recipe.yaml;"
                    + " options given beside it come after it.")
    String recipe;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private PartialRecipe opened;

    private boolean fineTunes = true;

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

    /** The recipe that was named, {@link PartialRecipe#NONE} where none was. */
    PartialRecipe named() {
        if (opened == null) {
            opened = recipe == null ? PartialRecipe.NONE : PartialRecipe.open(recipe);
        }
        return opened;
    }

    /** Whether the command line has {@code option}. */
    boolean isGiven(String option) {
        return command != null && command.commandLine().getParseResult().hasMatchedOption(option);
    }

    /** Takes the dataset and the first seed from the named recipe where no option gives them; comes before all else. */
    void applyRecipe(CommonOptions common, DatasetOptionsGroup data) {
        data.apply(named().at("/dataset"), this::isGiven);
        if (named().at("/seed").isNumber() && !isGiven("--seed")) {
            common.seed = named().at("/seed").longValue();
        }
    }

    /** Trains in fp32 alone, whatever options and recipe say of fine-tuning. */
    void withoutFineTuning() {
        fineTunes = false;
    }

    /** The recipe for {@code data}: what is usual, changed by the named recipe, and that by options; bits as it has them. */
    Recipe recipe(Recipe.Data data, QuantConfig usual, long seed) {
        return recipe(data, usual, seed, UnaryOperator.identity());
    }

    /** The same where {@code special} says what is usual. */
    Recipe recipe(Recipe.Data data, QuantConfig usual, long seed, UnaryOperator<Recipe> special) {
        String ofRecipe = named().at("/model/name").asText(hyperparameters.model);
        String name = isGiven("--model") ? hyperparameters.model : ofRecipe;
        PartialRecipe changes = named().without("dataset", "seed", "search");
        Recipe file = (name.equals(ofRecipe) ? changes : changes.without("model"))
                .over(special.apply(Recipe.defaults(data, name, usual, seed)));
        return PartialRecipe.of("command line", changes()).over(file);
    }

    /** Says what the named recipe changed, and all that came of it. */
    void announce(Console console, Recipe merged) {
        if (recipe != null) {
            console.info(named().source() + " sets " + String.join(", ", named().sections())
                    + "; options of the command line come after it");
            console.info(Json.writeYaml(merged).stripTrailing());
        }
    }

    /** Says that bits are searched although the named recipe has some. */
    void noteUnusedBits(Console console) {
        if (named().bits() != null) {
            console.info("bits '" + named().bits() + "' of " + named().source() + " are not used: bits are searched");
        }
    }

    /** What the options that are given change in a recipe. */
    private ObjectNode changes() {
        RecipeChanges changes = new RecipeChanges(this::isGiven);
        hyperparameters.addTo(changes);
        changes.set("--epochs", "/train/epochs", epochs)
                .set("--lr", "/train/learningRate", learningRate)
                .set("--patience", "/train/patience", patience)
                .set("--patience", "/fineTune/patience", patience)
                .set("--finetune-epochs", "/fineTune/epochs", fineTuneEpochs)
                .set("--finetune-lr", "/fineTune/learningRate", fineTuneLearningRate)
                .set("--features-granularity", "/quantization/featuresGranularity", featuresGranularity)
                .set("--features-calibration", "/quantization/featuresCalibration", featuresCalibration)
                .set("--granularity", "/quantization/innerGranularity", granularity)
                .set("--calibration", "/quantization/innerCalibration", calibration)
                .set("--rounding", "/quantization/rounding", rounding)
                .set("--clip-mask", "/quantization/clipMask", clipMask)
                .set("--features-form", "/storage/featuresForm", storage.featuresForm);
        qat.addTo(changes);
        objective.addTo(changes);
        weights.addTo(changes);
        if (!fineTunes) {
            changes.put("/fineTune/epochs", 0);
        }
        return changes.tree();
    }

    private static String lowerCase(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
