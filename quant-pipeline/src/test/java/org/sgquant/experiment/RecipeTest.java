package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.FormatException;
import org.sgquant.data.LabelNoise;
import org.sgquant.data.NodeTags;
import org.sgquant.quant.WeightConfig;
import org.sgquant.report.Json;
import org.sgquant.train.Objective;

final class RecipeTest {

    @TempDir
    Path folder;

    private Recipe read(String yaml) throws IOException {
        return Json.readYaml(Files.writeString(folder.resolve("recipe.yaml"), yaml), Recipe.class);
    }

    @Test
    void whatIsOffIsNotWrittenAndWhatIsNotWrittenIsOff() throws IOException {
        Recipe plain = SmallModels.recipe(false, "auto", "4");
        String yaml = Json.writeYaml(plain);
        assertThat(yaml).doesNotContain("objective", "labelNoise", "weights", "graphs");
        assertThat(read(yaml)).isEqualTo(plain);
        assertThat(read(yaml).trainingObjective()).isEqualTo(Objective.PLAIN);
    }

    @Test
    void lossesAndLabelNoiseAreWrittenAndRead() throws IOException {
        Recipe plain = SmallModels.recipe(false, "auto", "4");
        Recipe.Data d = plain.dataset();
        Recipe noisy = new Recipe(
                new Recipe.Data(d.name(), null, null, null, null, true, 0, 0, new LabelNoise(0.2, 3)),
                plain.model(),
                plain.train(),
                plain.fineTune(),
                new Recipe.Loss("forward", 0.25, 0.5f, 2f),
                SmallModels.recipe(
                                false,
                                "auto",
                                "4",
                                "sign",
                                new Recipe.Quantization.Weights(null, "nearest", List.of(0.5, 1.0), null))
                        .quantization(),
                null,
                null,
                null,
                "4",
                0);
        Recipe again = read(Json.writeYaml(noisy));
        assertThat(again).isEqualTo(noisy);
        assertThat(again.trainingObjective())
                .isEqualTo(new Objective(Objective.LabelLoss.FORWARD, 0.25, new Objective.Distillation(0.5f, 2)));
    }

    @Test
    void multibitWeightsAreWrittenAndRead() throws IOException {
        Recipe multibit =
                SmallModels.recipe(false, "auto", "4", "mse", new Recipe.Quantization.Weights(null, null, null, true));
        String yaml = Json.writeYaml(multibit);
        assertThat(yaml).contains("multibit: true");
        assertThat(read(yaml)).isEqualTo(multibit);
        assertThat(read(yaml).quantConfig().weights().multibit()).isTrue();
        Recipe both = read(yaml.replace("multibit: true", "multibit: true\n    powers: nearest\n    shares: [1.0]"));
        assertThatThrownBy(both::quantConfig).hasMessage("weights are powers of two or multi-bit, not both");
    }

    @Test
    void howWholeGraphsAreTakenIsWrittenAndReadKeyByKey() throws IOException {
        String plain = Json.writeYaml(SmallModels.recipe(false, "auto", "4"));
        assertThat(read(plain).wholeGraphs()).isEqualTo(Recipe.Graphs.DEFAULT);
        Recipe degree = read(plain + "graphs: {nodeTags: degree}\n");
        assertThat(Json.writeYaml(degree)).contains("nodeTags: degree").doesNotContain("batch");
        assertThat(read(Json.writeYaml(degree))).isEqualTo(degree);
        assertThat(degree.wholeGraphs()).isEqualTo(new Recipe.Graphs("degree", Recipe.Graphs.DEFAULT.batch()));
        assertThat(degree.withBits("2", 1).graphs()).isEqualTo(degree.graphs());
        assertThat(degree.wholeGraphs().tags()).isEqualTo(NodeTags.DEGREE);
        Recipe small = read(plain + "graphs: {batch: 7}\n");
        assertThat(small.wholeGraphs().batching().graphs()).isEqualTo(7);
        assertThat(small.wholeGraphs().tags()).isEqualTo(NodeTags.GIVEN);
        assertThatThrownBy(() -> read(plain + "graphs: {tags: degree}\n"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("'graphs.tags', expected one of batch, nodeTags");
        Recipe wrong = read(plain + "graphs: {nodeTags: colour}\n");
        assertThatThrownBy(() -> wrong.wholeGraphs().tags())
                .hasMessage("node tag 'colour' does not exist: choose one of given degree profile");
    }

    @Test
    void whatALossOrWeightsLeaveOutIsAtItsDefault() throws IOException {
        String plain = Json.writeYaml(SmallModels.recipe(false, "auto", "4"));
        Recipe distilled = read(plain + "objective: {labels: plain, distillWeight: 0.5}\n");
        assertThat(distilled.trainingObjective().distillation()).isEqualTo(new Objective.Distillation(0.5f, 2));
        Recipe orphan = read(plain + "objective: {labels: plain, distillTemperature: 3}\n");
        assertThatThrownBy(orphan::check)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("distillTemperature 3.0 needs distillWeight");
        assertThat(new Recipe.Quantization.Weights(null, "nearest", null, null)
                        .config()
                        .powers()
                        .shares())
                .isEqualTo(WeightConfig.Powers.SHARES);
        assertThatThrownBy(() -> new Recipe.Quantization.Weights("mse", null, List.of(1.0), null).config())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("shares [1.0] need powers");
    }

    @Test
    void aSectionThatIsNullIsMissing() {
        String yaml = Json.writeYaml(SmallModels.recipe(false, "auto", "4")) + "\n";
        String without = yaml.replaceFirst("(?s)fineTune:\n( +[^\n]*\n)+", "fineTune: null\n");
        assertThat(without).isNotEqualTo(yaml);
        assertThatThrownBy(() -> read(without))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("fineTune");
    }

    @Test
    void whatARecipeNeedsMustBeThere() {
        String yaml = Json.writeYaml(SmallModels.recipe(false, "auto", "4")).replace("seed: 0\n", "");
        assertThatThrownBy(() -> read(yaml)).isInstanceOf(FormatException.class).hasMessageContaining("eed");
    }
}
