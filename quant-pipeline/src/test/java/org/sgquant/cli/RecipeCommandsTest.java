package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.experiment.PartialRecipe;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.RecipeSchema;
import org.sgquant.report.Json;
import org.sgquant.tensor.BitWidth;

/** {@code --recipe}, {@code --layer} and {@code recipes}, as a user types them. */
final class RecipeCommandsTest {

    @TempDir
    private static Path folder;

    private static List<String> graph;

    @BeforeAll
    static void writeGraph() {
        graph = Cli.graph(folder.resolve("graph"));
    }

    private static Cli.Result run(String command, String... options) {
        return Cli.run(Cli.args(command, graph, options));
    }

    private static String file(String yaml) throws IOException {
        return Files.writeString(Files.createTempFile(folder, "recipe", ".yaml"), yaml)
                .toString();
    }

    private static Recipe saved(Path model) {
        return Json.readYaml(model.resolve("recipe.yaml"), Recipe.class);
    }

    @Test
    void optionsOverrideTheRecipeAndTheRecipeTheDefaults() throws IOException {
        String recipe = file("""
                bits: 4 L1.embedding=1
                model: {hidden: 8, dropout: 0.25}
                train: {epochs: 3, learningRate: 0.02}
                fineTune: {epochs: 2}
                quantization: {innerGranularity: bucket, weights: {powers: nearest}}
                qat: {learnedSteps: true}
                objective: {distillWeight: 0.5}
                seed: 7
                """);
        Path model = folder.resolve("overridden");
        Cli.Result result =
                run("quantize", "--recipe", recipe, "--hidden", "4", "--weights", "affine", "-o", model.toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err()).contains(recipe + " sets bits, model, train", "innerGranularity: bucket");
        Recipe r = saved(model);
        assertThat(r.model().values()).containsEntry("hidden", 4).containsEntry("dropout", 0.25f);
        assertThat(r.train().epochs()).isEqualTo(3);
        assertThat(r.train().learningRate()).isEqualTo(0.02f);
        assertThat(r.train().finalLearningRate())
                .as("constant rates stay constant")
                .isEqualTo(0.02f);
        assertThat(r.fineTune().epochs()).isEqualTo(2);
        assertThat(r.fineTune().learningRate()).isEqualTo(0.005f);
        assertThat(r.quantization().innerGranularity()).isEqualTo("bucket");
        assertThat(r.quantization().featuresGranularity()).isEqualTo("row");
        assertThat(r.quantization().weights()).as("--weights affine").isNull();
        assertThat(r.qat()).isEqualTo(new Recipe.Qat(true, 1, r.qat().protection()));
        assertThat(r.objective()).isEqualTo(new Recipe.Loss("plain", null, 0.5f, null));
        assertThat(r.bits()).contains("L1.embedding=1", "L2.weight=4");
        assertThat(r.seed()).isEqualTo(7);
        assertThat(r.search()).isNull();
    }

    @Test
    void anOptionAtItsDefaultOverridesToo() throws IOException {
        String recipe = file("{bits: 4, train: {epochs: 2}, fineTune: {epochs: 1}, qat: {learnedSteps: true},"
                + " quantization: {rounding: paper}, storage: {featuresForm: dense}}");
        Path model = folder.resolve("defaults");
        Cli.Result result = run(
                "quantize",
                "--recipe",
                recipe,
                "--rounding",
                "nearest",
                "--features-form",
                "auto",
                "-o",
                model.toString(),
                "-q");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(saved(model).quantization().rounding()).isEqualTo("nearest");
        assertThat(saved(model).storage().featuresForm()).isEqualTo("auto");
        assertThat(saved(model).qat().learnedSteps()).isTrue();
    }

    @Test
    void anotherModelThanTheRecipesHasItsOwnHyperparameters() throws IOException {
        String recipe = file(
                "{bits: 4, model: {name: gcn, norm: edge, hidden: 4}, train: {epochs: 2}," + " fineTune: {epochs: 1}}");
        Path model = folder.resolve("other");
        Cli.Result result = run("quantize", "--recipe", recipe, "--model", "sage", "-o", model.toString(), "-q");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(saved(model).model().name()).isEqualTo("sage");
        assertThat(saved(model).model().values()).doesNotContainKey("norm").doesNotContainEntry("hidden", 4);
        assertThat(saved(model).train().epochs()).isEqualTo(2);
    }

    @Test
    void aSavedRecipeReproducesItsModelWithoutAnyOption() throws IOException {
        Path model = folder.resolve("again");
        Cli.Result first = run(
                "quantize",
                "-b",
                "4 L1.embedding=1",
                "--seed",
                "3",
                "--epochs",
                "3",
                "--finetune-epochs",
                "2",
                "-o",
                model.toString(),
                "--json",
                "-q");
        Cli.Result second = Cli.run(
                "quantize",
                "--recipe",
                model.resolve("recipe.yaml").toString(),
                "--json",
                "-q",
                "-o",
                folder.resolve("twice").toString());
        for (String part : List.of("dataset", "fp32", "quantized", "codesSha256", "memory")) {
            assertThat(second.json().get(part)).as(part).isEqualTo(first.json().get(part));
        }
        assertThat(saved(folder.resolve("twice"))).isEqualTo(saved(model));
    }

    @Test
    void runTakesTheBitsOfARecipeAndSearchesWhereThatSaysHow() throws IOException {
        String quick = "train: {epochs: 3}\nfineTune: {epochs: 1}\n";
        String bits = file(quick + "bits: 4 L1.embedding=1\n");
        JsonNode chosen = run(
                        "run", "--recipe", bits, "--layer", "L2.*=8", "--seeds", "1", "--no-compare", "--json", "-q")
                .json();
        assertThat(chosen.has("search")).isFalse();
        assertThat(chosen.at("/quantized/bits").asText())
                .isEqualTo("L1.embedding=1 L1.message=4 L1.weight=4 L2.embedding=8 L2.message=8 L2.weight=8");
        Path model = folder.resolve("searched");
        String search = file(quick
                + "bits: 4\nsearch: {strategy: random, trials: 3, trialEpochs: 1, trialSeeds: 1, maxDrop: 50,"
                + " innerBits: [2, 4]}\n");
        Cli.Result searched = run(
                "run",
                "--recipe",
                search,
                "--trials",
                "2",
                "--seeds",
                "1",
                "--no-compare",
                "-o",
                model.toString(),
                "--json");
        assertThat(searched.err()).contains("bits '4' of " + search + " are not used");
        assertThat(searched.json().at("/search/trials").asInt()).isEqualTo(2);
        assertThat(searched.json().at("/search/strategy").asText()).isEqualTo("random");
        assertThat(saved(model).search().trials()).isEqualTo(2);
        assertThat(saved(model).search().innerBits()).containsExactly(BitWidth.Q2, BitWidth.Q4);
        assertThat(Cli.run("eval", model.toString(), "-q").code()).isZero();
        SavedModelCommandsTest.refused(
                run("run", "--recipe", search, "--layer", "L2.*=8", "-q"), ExitCode.USAGE, "run searches the bits");
    }

    @Test
    void recipesAreListedShownAndDescribed() {
        List<String> names =
                PartialRecipe.presets().stream().map(PartialRecipe.Preset::name).toList();
        assertThat(names).contains("sgquant-abs", "int8-per-row", "taq-4bit", "uniform-4bit", "lwq", "cwq");
        assertThat(Cli.run("recipes").out().lines()).hasSize(names.size());
        assertThat(Cli.run("recipes", "--json").json()).hasSize(names.size());
        assertThat(Cli.run("recipes", "show", "taq-4bit").out()).isEqualTo(PartialRecipe.text("taq-4bit"));
        assertThat(Cli.run("recipes", "schema").out()).isEqualTo(RecipeSchema.text());
        SavedModelCommandsTest.refused(
                Cli.run("recipes", "show", "taq-4bits"), ExitCode.USAGE, "did you mean taq-4bit");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "quantization: {innerGranularty: row}|line 1: quantization has no key 'innerGranularty': did you mean innerGranularity?",
                "quantisation: {}|line 1: the recipe has no key 'quantisation': did you mean quantization?",
                "quantization: {colour: row}|it has clipMask, featuresCalibration",
                "quantization: {weights: {power: nearest}}|quantization.weights has no key 'power': did you mean powers?",
                "quantization: 8|line 1, quantization: got '8', expected keys with values",
                "train: {epochs: many}|line 1, train.epochs: got 'many', expected a whole number",
                "train: {epochs: 1.5}|line 1, train.epochs: got '1.5', expected a whole number",
                "train: {epochs: 99999999999}|epochs",
                "quantization: {clipMask: maybe}|got 'maybe', expected true or false",
                "quantization: {rounding: up}|line 1, quantization.rounding: got 'up', expected one of nearest, paper",
                "search: {innerBits: [2, x]}|search.innerBits: got 'x', expected one of 1, 2, 3, 4, 5, 6, 7, 8, 16, e2m1, e3m2, e4m3, e5m2, 32",
                "bits: [4, 8]|line 1, bits: got a list, expected text or a whole number",
                "model: {name: gnn}|got 'gnn', expected one of gcn, gat",
                "bits: 4 bits: 8|line 1",
                "4|got '4', expected sections with keys",
                "''|got nothing",
                "bits: *x|the alias *x",
                "[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]|epth",
                "bits: {a|line 1: this is no YAML: ",
                "'bits: \"4'|line 1: this is no YAML: found unexpected end of stream",
                "[bits]|line 1: got a list, expected sections with keys",
                "search: {trials: -3}|line 1, search.trials: got '-3', expected a whole number from 1 on",
                "search: {trialEpochs: -1}|search.trialEpochs: got '-1', expected a whole number from 0 on",
                "train: {patience: 0}|train.patience: got '0', expected a whole number from 1 on",
                "model: {hidden: 0}|model.hidden: got '0', expected a whole number from 1 on",
            })
    void wrongRecipesAreRefusedWithFilePlaceGotAndExpected(String yaml, String message) throws IOException {
        String recipe = file(yaml);
        SavedModelCommandsTest.refused(
                run("quantize", "--recipe", recipe, "-b", "4", "-q"), ExitCode.BAD_INPUT, message);
        assertThat(run("quantize", "--recipe", recipe, "-q").err()).contains(recipe);
    }

    @Test
    void whatNoRecipeCanBeIsRefusedBeforeItIsRead() throws IOException {
        SavedModelCommandsTest.refused(
                run("train", "--recipe", "int8-per-rwo", "-q"), ExitCode.USAGE, "did you mean int8-per-row?");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", folder + "/none.yaml", "-q"), ExitCode.BAD_INPUT, "there is no such file");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", file("#" + "x".repeat(1 << 19)), "-q"),
                ExitCode.BAD_INPUT,
                "bytes, expected at most");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", file("seed: 1\n---\nseed: 2\n"), "-q"),
                ExitCode.BAD_INPUT,
                "a second document");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", file("seed: 1\nseed: 2\n"), "-q"), ExitCode.BAD_INPUT, "uplicate");
        SavedModelCommandsTest.refused(
                run("quantize", "--recipe", "sgquant-abs", "-q"), ExitCode.USAGE, "'sgquant run' searches them");
        SavedModelCommandsTest.refused(
                run("quantize", "--recipe", "lwq", "--preset", "paper", "-q"), ExitCode.USAGE, "exclude each other");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", file("model: {heads: 4}"), "-q"), ExitCode.BAD_INPUT, "has no 'heads'");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", "nothing-like-it", "-q"),
                ExitCode.USAGE,
                "distilled-4bit. A file of your own ends in .yaml.");
        String negative = file("train: {learningRate: -1}");
        SavedModelCommandsTest.refused(
                run("train", "--recipe", negative, "-q"), ExitCode.BAD_INPUT, negative + ": training needs epochs");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X*=8|'X*' matches no cell of this model",
                "L2.*|is not of the form GLOB=BITS",
                "L2.*=9|bit width 9 does not exist",
                "L2.*=message=8|is not of the form 8 or [8,4,4,2]",
                "*.message=[8,4]|got 2 widths [8,4] for 1 degree buckets",
            })
    void wrongLayersAreAUsageError(String layer, String message) {
        SavedModelCommandsTest.refused(
                run("quantize", "-b", "4", "--layer", layer, "--dry-run", "-q"), ExitCode.USAGE, message);
    }
}
