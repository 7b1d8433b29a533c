package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.search.Study;

/** Searches by several processes on one study, and searches that are interrupted. */
final class SearchWorkersTest {

    private static final int MANY = 100_000;

    @TempDir
    private Path folder;

    private final List<Process> started = new ArrayList<>();
    private Path study;
    private Path err;

    @BeforeEach
    void name() {
        study = folder.resolve("s.db");
        err = folder.resolve("err.txt");
    }

    @AfterEach
    void endWhatStillRuns() {
        started.forEach(Process::destroyForcibly);
    }

    private List<String> search(int trials, String... more) {
        List<String> all = Cli.args("search", Cli.graph(folder), more);
        all.addAll(Cli.SHORT);
        all.addAll(List.of("--trial-seeds", "2", "--trial-epochs", "1", "--strategy", "random"));
        all.addAll(List.of("--trials", String.valueOf(trials), "--study", study.toString()));
        return all;
    }

    private Process start(List<String> arguments) throws IOException {
        Process process = Cli.process(arguments)
                .redirectError(err.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        started.add(process);
        return process;
    }

    private int exit(Process process) throws Exception {
        assertThat(process.waitFor(60, TimeUnit.SECONDS))
                .as("the process ended; it said: %s", Files.readString(err))
                .isTrue();
        return process.exitValue();
    }

    /**
     * Whether this JVM was started with SIGINT ignored, as by nohup or a shell's job in the background: the processes it
     * starts inherit that, and Java then leaves it so.
     */
    private static boolean ignoresInterrupt() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 2) != 0);
    }

    private void awaitTrials(Process process, int trials, int workers) throws Exception {
        long start = System.nanoTime();
        while (true) {
            assertThat(process.isAlive()).as(Files.readString(err)).isTrue();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.MINUTES.toNanos(2));
            if (Files.exists(study)) {
                try (Study watched = Study.look(study)) {
                    if (watched.trials().size() >= trials && watched.workers().size() >= workers) {
                        return;
                    }
                }
            }
            Thread.sleep(50);
        }
    }

    private static void signal(String signal, Process process) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start();
        assertThat(kill.waitFor(60, TimeUnit.SECONDS)).as("kill ended").isTrue();
        assertThat(kill.exitValue()).isZero();
    }

    @Test
    void anInterruptedSearchSaysHowToGoOnAndItsWorkersEndWithIt() throws Exception {
        Process process = start(search(MANY, "--workers", "2", "--max-drop", "100"));
        awaitTrials(process, 3, 2);
        List<ProcessHandle> workers = process.children().toList();
        assertThat(workers).hasSize(1);
        boolean term = ignoresInterrupt();
        if (term) {
            System.out.println("SIGINT is ignored by whoever started this test: SIGTERM is tested in its place");
        }
        signal(term ? "TERM" : "INT", process);
        assertThat(exit(process)).isEqualTo(term ? 128 + 15 : ExitCode.INTERRUPTED);
        assertThat(Files.readString(err))
                .containsPattern(
                        "sgquant: interrupted; [0-9]+ trials are kept in .*s\\.db: go on with the same command and"
                                + " --resume")
                .doesNotContain("\tat ");
        workers.getFirst().onExit().get(20, TimeUnit.SECONDS);
        int kept;
        try (Study left = Study.look(study)) {
            assertThat(left.workers()).isEmpty();
            kept = left.trials().size();
        }
        Cli.Result resumed = Cli.run(search(kept + 2, "--max-drop", "100", "--resume", "--json", "-q"));
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.json().at("/search/trials").asInt()).isEqualTo(kept + 2);
    }

    @Test
    void aWorkerWhoseParentIsKilledEndsAndSigtermKeepsTheTrials() throws Exception {
        Process process = start(search(MANY, "--workers", "2"));
        awaitTrials(process, 3, 2);
        ProcessHandle worker = process.children().findFirst().orElseThrow();
        process.toHandle().destroyForcibly();
        worker.onExit().get(20, TimeUnit.SECONDS);
        try (Study left = Study.look(study)) {
            assertThat(left.workers()).isEmpty();
            assertThat(left.trials()).hasSizeGreaterThanOrEqualTo(3);
        }
        Process next = start(search(MANY, "--resume"));
        awaitTrials(next, 4, 1);
        signal("TERM", next);
        assertThat(exit(next)).isEqualTo(128 + 15);
        assertThat(Files.readString(err)).contains("go on with the same command and --resume");
    }

    @Test
    void aKilledWorkerIsReplacedThreeTimes() throws Exception {
        Process process = start(search(MANY, "--workers", "2"));
        Set<ProcessHandle> seen = new HashSet<>();
        for (int kill = 0; kill <= 3; kill++) {
            awaitTrials(process, 1, 2);
            ProcessHandle worker = awaitWorker(process, seen);
            assertThat(seen.add(worker)).isTrue();
            worker.destroyForcibly();
            worker.onExit().get(20, TimeUnit.SECONDS);
        }
        int left;
        try (Study watched = Study.look(study)) {
            left = watched.trials().size();
        }
        awaitTrials(process, left + 3, 1);
        assertThat(process.children()).as("no further one").isEmpty();
        process.destroyForcibly();
        exit(process);
    }

    /** A worker of {@code process} that is none of {@code seen}. */
    private static ProcessHandle awaitWorker(Process process, Set<ProcessHandle> seen) throws Exception {
        long start = System.nanoTime();
        while (true) {
            Optional<ProcessHandle> found =
                    process.children().filter(child -> !seen.contains(child)).findFirst();
            if (found.isPresent()) {
                return found.get();
            }
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
            Thread.sleep(20);
        }
    }

    @Test
    void workersFindWhatOneProcessFinds() throws Exception {
        Cli.Result two = Cli.run(search(16, "--workers", "2", "--json", "-q"));
        assertThat(two.code()).as(two.err()).isZero();
        Path shared = study;
        study = folder.resolve("alone.db");
        Cli.Result one = Cli.run(search(16, "--json", "-q"));
        assertThat(one.code()).as(one.err()).isZero();
        for (String key : List.of("/search/bits", "/search/drop", "/search/objectiveBytes", "/fp32")) {
            assertThat(two.json().at(key)).isEqualTo(one.json().at(key));
        }
        try (Study a = Study.look(shared);
                Study b = Study.look(study)) {
            assertThat(accuracies(a)).hasSize(16).isEqualTo(accuracies(b));
        }
        JsonNode status = Cli.run("watch", shared.toString(), "--json").json();
        assertThat(status.at("/finished").asInt()).isEqualTo(16);
        assertThat(status.at("/asked").asInt()).isEqualTo(16);
        assertThat(status.at("/strategy").asText()).isEqualTo("random");
        assertThat(status.at("/workers")).isEmpty();
        assertThat(Cli.run("watch", shared.toString()).out())
                .as("ends by itself where all trials are there")
                .contains("trials   16 of 16", "nobody works on it");
    }

    private static List<String> accuracies(Study study) {
        return study.trials().stream()
                .map(t -> t.bits() + " " + t.measurement().validationAccuracy())
                .toList();
    }

    @Test
    void boundsAndObjectivesInAnyCombination() {
        Cli.Result plain = Cli.run(search(12, "--json", "-q", "--max-drop", "100"));
        assertThat(plain.code()).as(plain.err()).isZero();
        Cli.Result timed = Cli.run(search(12, "-q", "--max-drop", "100", "--resume", "--latency"));
        assertThat(timed.code()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(timed.err()).contains("trial is 'epochs 1, seeds 2' in the study");
        Cli.Result fewer = Cli.run(search(5, "--json", "-q", "--max-drop", "100", "--resume"));
        StudyNotes notes = StudyNotes.read(List.of(study)).getFirst();
        assertThat(notes.entries()).as("a page shows what the last run had").hasSize(5);
        assertThat(notes.space().assignment(notes.best().bits()).toString())
                .isEqualTo(fewer.json().at("/search/bits").asText());
        study = folder.resolve("drop.db");
        Cli.Result drop = Cli.run(search(12, "--json", "-q", "--objective", "drop", "--max-inner-bytes", "6KiB"));
        assertThat(drop.code()).as(drop.err()).isZero();
        assertThat(drop.json().at("/search/maxInnerBytes").asLong()).isEqualTo(6 << 10);
        assertThat(drop.json().at("/search/maxDrop").isMissingNode()).isTrue();
        try (Study kept = Study.look(study)) {
            assertThat(kept.trials())
                    .hasSize(12)
                    .allMatch(t -> t.measurement().cost().innerBytes() <= 6 << 10)
                    .allMatch(t -> Double.isNaN(t.measurement().cost().latencySeconds()));
        }
        Cli.Result none = Cli.run(search(12, "-q", "--max-bytes", "10", "--resume"));
        assertThat(none.code()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(none.err()).contains("search.bounds is").doesNotContain("\tat ");
        study = folder.resolve("none.db");
        Cli.Result impossible = Cli.run(search(12, "-q", "--max-bytes", "10"));
        assertThat(impossible.code()).isEqualTo(ExitCode.USAGE);
        assertThat(impossible.err()).contains("no configuration of this space is within the bounds");
        study = folder.resolve("beyond.db");
        Cli.Result beyond = Cli.run(search(3, "-q", "--json", "--max-drop", "-100"));
        assertThat(beyond.code()).as(beyond.err()).isEqualTo(ExitCode.GATE_MISSED);
        assertThat(beyond.json().at("/search/feasible").asBoolean()).isFalse();
        assertThat(beyond.err())
                .isEqualTo("sgquant: no trial is within the bounds; the bits are those of least drop\n");
        study = folder.resolve("bad.db");
        SavedModelCommandsTest.refused(
                Cli.run(search(3, "--workers", "4")),
                ExitCode.USAGE,
                "--workers 4 need as many --threads at least, got 2: give --threads 4");
        assertThat(Cli.run(search(12, "--max-bytes", "10KB")).err())
                .contains("--max-bytes '10KB' is no size: give bytes, or a number with KiB, MiB or GiB");
    }
}
