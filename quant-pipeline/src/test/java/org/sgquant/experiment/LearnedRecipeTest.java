package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.Dataset;
import org.sgquant.data.FormatException;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Protection;
import org.sgquant.quant.QatConfig;
import org.sgquant.report.Json;

class LearnedRecipeTest {

    @TempDir
    Path folder;

    private static Recipe learned() {
        Recipe r = SmallModels.recipe(false, "auto", "2 L1.embedding=1");
        Recipe.Qat qat = Recipe.Qat.of(new QatConfig(true, 4, Protection.parse("0.1:0.3")));
        return new Recipe(
                r.dataset(),
                r.model(),
                r.train(),
                r.fineTune(),
                null,
                r.quantization(),
                qat,
                null,
                null,
                r.bits(),
                r.seed());
    }

    private Recipe read(String yaml) throws IOException {
        return Json.readYaml(Files.writeString(folder.resolve("recipe.yaml"), yaml), Recipe.class);
    }

    @Test
    void anAbsentQatSectionMeansOff() throws IOException {
        Recipe off = SmallModels.recipe(false, "auto", "4");
        assertThat(Json.writeYaml(off)).doesNotContain("qat");
        assertThat(read(Json.writeYaml(off))).isEqualTo(off);
        assertThat(off.quantConfig().qat()).isEqualTo(QatConfig.OFF);
        assertThat(read(Json.writeYaml(learned()))).isEqualTo(learned());
        assertThat(learned().quantConfig().qat()).isEqualTo(new QatConfig(true, 4, Protection.parse("0.1:0.3")));
    }

    @Test
    void everyOtherKeyIsRequired() {
        String yaml = Json.writeYaml(learned());
        for (String key : new String[] {"seed:", "  learnedSteps:", "  clipMask:", "  mask:"}) {
            String without = yaml.lines().filter(line -> !line.startsWith(key)).reduce("", (a, b) -> a + b + "\n");
            assertThat(without).isNotEqualTo(yaml);
            assertThatThrownBy(() -> read(without))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining(key.strip().replace(":", ""));
        }
    }

    /** The ranges that were learned are those of the restored and of the loaded model. */
    @Test
    void aModelWithLearnedRangesIsRestoredAndLoadedWithItsCodes() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1)) {
            Experiment experiment = SmallModels.experiment(lanes, learned());
            BitAssignment bits =
                    SmallModels.parse(experiment, dataset, learned().bits());
            Experiment.Trained start = experiment.train(0, 1, t -> {}).get(0);
            SmallModels.save(folder, experiment, start, learned(), dataset);
            SavedModel saved = SavedModel.read(folder);
            lanes.run(lane -> {
                Experiment.Packed packed = experiment.quantize(
                        lane, start, bits, learned().fineTune().config());
                try (QuantizedModel restored = experiment.restore(lane, packed, bits);
                        QuantizedModel loaded = saved.load(lane.input(bits.buckets()), bits, lane.backend())) {
                    assertThat(restored.codesSha256())
                            .isEqualTo(saved.metrics().codesSha256())
                            .isEqualTo(loaded.codesSha256());
                    assertThat(restored.inference().run())
                            .isDeepEqualTo(loaded.inference().run());
                }
                return null;
            });
        }
    }
}
