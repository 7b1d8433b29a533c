package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sgquant.model.GcnConfig;
import org.sgquant.report.Json;

/** The model section of a recipe and of the command line. */
final class ModelSettingsTest {

    @TempDir
    Path folder;

    private ModelSettings yaml(String text) throws IOException {
        return Json.readYaml(Files.writeString(folder.resolve("model.yaml"), text), ModelSettings.class);
    }

    @Test
    void theSectionOfRecipesSavedBeforeThereWasAChoiceStillLoads() throws IOException {
        ModelSettings saved = yaml("""
                name: gcn
                layers: 3
                hidden: 24
                dropout: 0.25
                weightDecay: 5.0E-4
                norm: edge
                order: aggregate-first
                """);
        assertThat(saved.config())
                .isEqualTo(
                        new GcnConfig(3, 24, 0.25f, 5e-4f, GcnConfig.Norm.EDGE, GcnConfig.OrderRule.AGGREGATE_FIRST));
    }

    static Iterable<String> names() {
        return Models.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void everyModelIsReadAsItIsWritten(String name) throws IOException {
        ModelSettings settings = ModelSettings.of(name, Map.of("dropout", 0.125f));
        ModelSettings read = yaml(Json.writeYaml(settings));
        assertThat(read.config()).isEqualTo(settings.config()).isNotEqualTo(Models.defaults(name));
        assertThat(read.name()).isEqualTo(name);
        assertThat(settings.values()).containsKeys("name", "layers", "hidden", "dropout", "weightDecay");
    }

    @Test
    void whatIsAbsentIsAtTheDefaultOfTheModel() throws IOException {
        assertThat(yaml("name: gcn\n").config()).isEqualTo(GcnConfig.DEFAULT);
    }

    @Test
    void whatIsWrongIsNamedWithTheChoices() {
        refused("nosuch", Map.of(), "model 'nosuch' does not exist: choose one of gcn");
        refused("gcn", Map.of("heads", 8), "model gcn has no 'heads': it has layers hidden dropout");
        refused("gcn", Map.of("norm", "half"), "norm 'half' does not exist: choose one of folded edge");
        refused("gcn", Map.of("layers", "two"), "model gcn: layers is 'two', expected int");
        refused("gcn", Map.of("layers", 0), "at least one layer");
    }

    private static void refused(String name, Map<String, Object> changes, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelSettings.of(name, changes))
                .withMessageContaining(message);
    }
}
