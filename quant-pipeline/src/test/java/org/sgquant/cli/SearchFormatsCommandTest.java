package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that are given floats as widths to choose from. */
final class SearchFormatsCommandTest {

    @TempDir
    private Path folder;

    private Cli.Result search(String inner, String... more) {
        List<String> all = Cli.args("search", Cli.graph(folder), more);
        all.addAll(Cli.SHORT);
        all.addAll(List.of("--trial-seeds", "1", "--trial-epochs", "1", "--feature-bits", "1", "--inner-bits", inner));
        all.addAll(List.of("--strategy", "random", "--objective", "inner", "--max-drop", "100"));
        return Cli.run(all);
    }

    @Test
    void aStudyWithFloatsIsResumedWatchedAndReportedByName() throws Exception {
        String study = folder.resolve("s.db").toString();
        Cli.Result first = search("e2m1,e4m3", "--trials", "4", "--study", study, "--json", "-q");
        assertThat(first.code()).as(first.err()).isZero();
        Cli.Result resumed = search("e2m1,e4m3", "--trials", "7", "--study", study, "--resume", "--json", "-q");
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.json().at("/search/trials").asInt()).isEqualTo(7);
        Cli.Result whole = search(
                "e4m3,e2m1",
                "--trials",
                "7",
                "--study",
                folder.resolve("whole.db").toString(),
                "--json",
                "-q");
        assertThat(resumed.json().at("/search/bits")).isEqualTo(whole.json().at("/search/bits"));
        assertThat(resumed.json().at("/search/bits").asText()).contains("=e2m1").startsWith("L1.embedding=1 ");

        JsonNode best = Cli.run("watch", study, "--json").json().at("/best/bits");
        assertThat(best.at("/L1.embedding").isInt()).isTrue();
        assertThat(best.at("/L1.message").asText()).matches("e2m1|e4m3");
        assertThat(Cli.run("watch", study).out()).containsPattern("L1.message=(e2m1|e4m3)");
        Path page = folder.resolve("r.html");
        assertThat(Cli.run("report", study, "-o", page.toString()).code()).isZero();
        assertThat(Files.readString(page)).containsPattern("L1.message=(e2m1|e4m3)");

        Cli.Result other = search("2,e4m3", "--trials", "8", "--study", study, "--resume", "-q");
        assertThat(other.code()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(other.err()).contains("[e2m1, e4m3]", "[2, e4m3]");
    }

    @Test
    void sensitivityMeasuresFloats() {
        List<String> all = new ArrayList<>(Cli.graph(folder));
        all.addAll(List.of("--epochs", "30", "--threads", "2", "--widths", "4,e2m1"));
        JsonNode cells = Cli.run(Cli.args("sensitivity", all, "--json")).json().at("/cells");
        assertThat(cells).hasSize(12);
        for (int i = 0; i < cells.size(); i++) {
            JsonNode bits = cells.at("/" + i + "/bits");
            assertThat(bits.isInt()).isEqualTo(i % 2 == 0);
            assertThat(bits.asText()).isEqualTo(i % 2 == 0 ? "4" : "e2m1");
        }
    }

    @Test
    void whatIsNoWidthIsRefusedWithThoseThereAre() {
        SavedModelCommandsTest.refused(
                search("2,e3m3"),
                ExitCode.USAGE,
                "bit width e3m3 does not exist: choose one of 1 2 3 4 5 6 7 8 16 e2m1 e3m2 e4m3 e5m2 or 32");
    }

    @Test
    void attentionWithoutAnIntegerIsRefusedBeforeAnythingIsTrained() {
        Path study = folder.resolve("none.db");
        Cli.Result refused = search("e2m1,e4m3", "--norm", "edge", "--study", study.toString());
        SavedModelCommandsTest.refused(refused, ExitCode.USAGE, "attention and edge weights are integers");
        assertThat(refused.err()).doesNotContain("train");
        assertThat(study).doesNotExist();
    }
}
