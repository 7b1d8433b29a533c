package org.sgquant.perf.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a made-up run: no figure in it was measured. */
class RunTableTest {

    @TempDir
    private Path folder;

    private String table(String device) throws Exception {
        Path madeUp = Path.of(RunTableTest.class.getResource("made-up.json").toURI());
        Path run = Files.writeString(
                folder.resolve("reddit.json"), Files.readString(madeUp).replace("a made-up device", device));
        Report.main(new String[] {folder.resolve("out").toString(), run.toString()});
        assertThat(Files.readString(folder.resolve("out/end-to-end.json"))).contains("\"reddit\" : {");
        return Files.readString(folder.resolve("out/end-to-end.md"));
    }

    @Test
    void a_run_is_a_row_under_the_name_of_its_file() throws Exception {
        assertThat(table("NVIDIA H200"))
                .contains(
                        "\n| reddit | NVIDIA H200 | 90.50 | 90.25 | `L1.embedding=4` |  | 12.3 | 5.0 | 1.0 | 2.500 |\n")
                .doesNotContain(Measured.NOT_ON_GPU);
    }

    @Test
    void times_of_the_emulator_are_called_what_they_are() throws Exception {
        assertThat(table("cuda (sgquant emulator (CPU), sm_90)")).contains(Measured.NOT_ON_GPU);
    }
}
