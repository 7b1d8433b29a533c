package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    @Test
    void damagedDocumentsAreRefusedByFileAndLine() throws Exception {
        for (String text : List.of("", "{", "[]", "null", "{\"name\": \"x\",\n\"value\": \"y\"}", "{\"other\": 1}")) {
            Path file = Files.writeString(folder.resolve("b.json"), text);
            assertThatThrownBy(() -> Json.read(file, Pair.class))
                    .as(text)
                    .isInstanceOf(FormatException.class)
                    .hasMessageStartingWith(file + ": ")
                    .hasMessageContaining(text.contains("other") ? "expected one of name, value" : "expected Pair")
                    .hasMessageContaining(": got ")
                    .hasMessageNotContaining("\n");
        }
        Path yaml = Files.writeString(folder.resolve("b.yaml"), "name: x\n");
        assertThatThrownBy(() -> Json.readYaml(yaml, Pair.class))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("value");
    }
}
