package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.FormatException;

final class ReportTest {

    @TempDir
    private Path folder;

    record Pair(String name, int value) {}

    @Test
    void theDeviationIsThatOfASample() {
        assertThat(Statistics.of(List.of(2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0)))
                .isEqualTo(new Statistics(5, Math.sqrt(32.0 / 7)));
        assertThat(Statistics.of(List.of(81.5))).isEqualTo(new Statistics(81.5, 0));
        assertThat(Statistics.of(List.of()).mean()).isNaN();
    }

    @Test
    void recordsReadBackFromJsonAndYaml() throws Exception {
        Path json = Files.writeString(folder.resolve("a.json"), Json.write(new Pair("x", 3)));
        Path yaml = Files.writeString(folder.resolve("a.yaml"), Json.writeYaml(new Pair("no", 3)));
        assertThat(Json.read(json, Pair.class)).isEqualTo(new Pair("x", 3));
        assertThat(Json.readYaml(yaml, Pair.class)).isEqualTo(new Pair("no", 3));
    }

    private Path write(String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void damagedDocumentsAreRefusedByFileAndLine() throws Exception {
        Map<String, String> refusals = Map.of(
                "", "line 1: got nothing, expected keys with values",
                "{", "line 1: this is no JSON: Unexpected end-of-input",
                "[]", "line 1: got a list, expected keys with values",
                "null", "got nothing, expected keys with values",
                "{\"name\": \"x\",\n\"value\": \"y\"}", "line 2, key 'value': got 'y', expected a whole number",
                "{\"other\": 1}", "got the unknown key 'other', expected one of name, value");
        refusals.forEach((text, refusal) -> {
            Path file = write("b.json", text);
            assertThatThrownBy(() -> Json.read(file, Pair.class))
                    .as(text)
                    .isInstanceOf(FormatException.class)
                    .hasMessageStartingWith(file + ": ")
                    .hasMessageContaining(refusal)
                    .hasMessageNotContaining("\n");
        });
        Path yaml = Files.writeString(folder.resolve("b.yaml"), "name: x\n");
        assertThatThrownBy(() -> Json.readYaml(yaml, Pair.class))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("value");
    }
}
