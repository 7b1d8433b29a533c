package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are killed, and processes that work on one table together. */
final class ReproduceSharingTest {

    private static final int SEEDS = 6;

    /** Trainings of the seeds, and two packed rows; the fp32 row is the training. */
    private static final int WORK = 3 * SEEDS;

    @TempDir
    private Path folder;

    private Path table;

    @BeforeEach
    void writeTable() {
        table = TinyTable.write(folder, TinyTable.ROWS);
    }

    private Process start(Path err) throws IOException {
        return Cli.process(arguments())
                .redirectError(err.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private List<String> arguments() {
        return List.of(
                "reproduce",
                table.toString(),
                "--seeds",
                String.valueOf(SEEDS),
                "--threads",
                "1",
                "-v",
                "-o",
                folder.resolve("out").toString());
    }

    /** What a process says it did: trainings, and seeds of rows with bits. */
    private static List<String> done(Stream<String> lines) {
        // A line without its result was cut by the kill.
        return lines.filter(l -> l.contains(": "))
                .filter(l -> l.startsWith("trained ") || (l.startsWith("finished ") && !l.startsWith("finished exact")))
                .map(l -> l.substring(0, l.indexOf(": ")))
                .toList();
    }

    private static List<String> done(Path err) throws IOException {
        return done(Files.readAllLines(err).stream());
    }

    @Test
    void twoProcessesDoEveryUnitOnceAndBothEndWithTheWholeTable() throws Exception {
        Path errA = folder.resolve("a.txt");
        Path errB = folder.resolve("b.txt");
        Process a = start(errA);
        Process b = start(errB);
        assertThat(a.waitFor()).as(Files.readString(errA)).isZero();
        assertThat(b.waitFor()).as(Files.readString(errB)).isZero();
        List<String> all = new ArrayList<>(done(errA));
        all.addAll(done(errB));
        assertThat(all).doesNotHaveDuplicates().hasSize(WORK);
        assertThat(Files.readString(folder.resolve("out/tiny.md")))
                .contains("6 of 6")
                .doesNotContain("5 of 6");
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            assertThat(files.map(f -> f.getFileName().toString()).filter(n -> n.endsWith(".part")))
                    .isEmpty();
        }
    }

    @Test
    void aKilledProcessLosesNoFinishedUnitAndItsClaimsAreTakenOver() throws Exception {
        List<String> before = new ArrayList<>(killAfter(4));
        before.addAll(killAfter(3));
        Cli.Result rest = Cli.run(arguments());
        assertThat(rest.code()).as(rest.err()).isZero();
        List<String> after = done(rest.err().lines());
        assertThat(after).isNotEmpty().doesNotContainAnyElementsOf(before);
        // A unit may be committed and its line not yet printed when the process dies.
        assertThat(before.size() + after.size()).isBetween(WORK - 2, WORK);
        assertThat(rest.out()).contains("6 of 6").doesNotContain("5 of 6");
    }

    /** Units reported by a process that was killed after about {@code units} of them. */
    private List<String> killAfter(int units) throws Exception {
        Path err = folder.resolve("killed.txt");
        Process process = start(err);
        try {
            while (process.isAlive() && done(err).size() < units) {
                Thread.sleep(2);
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.waitFor()).as("killed by signal 9").isEqualTo(128 + 9);
        return done(err);
    }
}
