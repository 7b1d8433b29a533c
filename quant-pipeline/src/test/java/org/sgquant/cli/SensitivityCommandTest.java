package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.experiment.Recipe;
import org.sgquant.report.Json;

class SensitivityCommandTest {

    @TempDir
    static Path folder;

    @Test
    void saysWhatEachCellCostsAndHowToSpareTheWorst() {
        Cli.Result result = run("--widths", "2,8", "--json");
        JsonNode report = result.json();
        assertThat(result.code()).isZero();
        assertThat(result.leaked()).isZero();
        // Two layers of embedding, message and weight at two widths each.
        assertThat(report.at("/cells")).hasSize(12);
        JsonNode features = report.at("/cells/0");
        assertThat(features.at("/cell").asText()).isEqualTo("L1.embedding");
        assertThat(features.has("trace")).isFalse();
        assertThat(report.at("/cells/2/trace").asDouble()).isPositive();
        assertThat(report.at("/mostSensitive")).hasSize(5);
        assertThat(report.at("/correlations/divergence").isNumber()).isTrue();
        assertThat(report.at("/correlations/curvature").asDouble()).isBetween(-1.0, 1.0);
        assertThat(report.at("/correlations/fisher").asDouble()).isBetween(-1.0, 1.0);
        assertThat(report.at("/cells/2/fisher").asDouble()).isPositive();

        String bits = report.at("/bits").asText();
        Cli.Result quantized = Cli.run(
                Cli.args("quantize", Cli.graph(folder), "--epochs", "5", "--finetune-epochs", "1", "--bits", bits));
        assertThat(quantized.code()).as(quantized.err()).isZero();
    }

    /** Cells of other models, or of other options, are none of the usual model's. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--norm edge",
                "--layers 3 --hidden 8 --lr 0.02",
                "--model sage",
                "--model gat --heads 2 --seed 3",
                "--calibration sign --clip-mask --no-normalize"
            })
    void theRecipeItPrintsIsTakenAsItIs(String options) throws IOException {
        Cli.Result result = run(("--widths 4 " + options).split(" "));
        assertThat(result.code()).as(result.err()).isZero();
        String recipe =
                result.out().substring(result.out().indexOf(":\n", result.out().indexOf("a recipe that")) + 2);
        Path file = Files.writeString(folder.resolve("recipe.yaml"), recipe);
        Path saved = folder.resolve("saved");
        Cli.Result quantized = Cli.run(
                "quantize", "--recipe", file.toString(), "--finetune-epochs", "1", "-o", saved.toString(), "-q");
        assertThat(quantized.code()).as(recipe + quantized.err()).isZero();
        Path same = folder.resolve("same");
        List<String> direct = Cli.args("quantize", Cli.graph(folder), options.split(" "));
        direct.addAll(List.of("--epochs", "30", "--finetune-epochs", "1", "-q", "-o", same.toString(), "-b"));
        direct.add(Json.readYaml(saved.resolve("recipe.yaml"), Recipe.class).bits());
        assertThat(Cli.run(direct).code()).isZero();
        assertThat(saved.resolve("recipe.yaml")).hasSameTextualContentAs(same.resolve("recipe.yaml"));
    }

    @Test
    void printsATableForPeople() {
        Cli.Result result = run("--widths", "1", "--quartiles");
        assertThat(result.out())
                .contains("only this, pt")
                .contains("L2.message[0]")
                .contains("most sensitive: ")
                .containsPattern("\nbits: .*L2");
    }

    @Test
    void refusesWeightsThatCannotBePackedAsTheyAre() {
        Cli.Result result = run("--weights", "pot");
        assertThat(result.code()).isEqualTo(ExitCode.USAGE);
        assertThat(result.err()).contains("sensitivity needs affine weights");
    }

    @Test
    void refusesWidthsThatDoNotExist() {
        Cli.Result result = run("--widths", "9");
        assertThat(result.code()).isEqualTo(ExitCode.USAGE);
        assertThat(result.err()).contains("9").doesNotContain("Exception");
    }

    private static Cli.Result run(String... more) {
        List<String> args = new ArrayList<>(Cli.graph(folder));
        args.addAll(List.of("--epochs", "30", "--threads", "2"));
        return Cli.run(Cli.args("sensitivity", args, more));
    }
}
