package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerProcessesTest {

    @TempDir
    private Path folder;

    /** Runs {@code count} shells that end with {@code end}, and returns what is said of them after {@code starts} starts. */
    private Optional<String> saidOf(int count, String end, int starts) throws Exception {
        Path log = Files.createFile(folder.resolve(end.replace(' ', '-').replace('$', 'p')));
        List<String> command = List.of("sh", "-c", "echo started >> '" + log + "'; " + end);
        try (WorkerProcesses workers = WorkerProcesses.running(command, count)) {
            long begun = System.nanoTime();
            while (Files.readAllLines(log).size() < starts) {
                assertThat(System.nanoTime() - begun).as(end).isLessThan(TimeUnit.SECONDS.toNanos(30));
                Thread.sleep(10);
            }
            // Long enough for one start too many.
            Thread.sleep(200);
            Optional<String> said = workers.await();
            assertThat(Files.readAllLines(log)).as(end).hasSize(starts);
            return said;
        }
    }

    @Test
    void whoIsKilledOrFailsIsStartedAgainThreeTimes() throws Exception {
        assertThat(saidOf(1, "exit 1", 4))
                .hasValueSatisfying(said -> assertThat(said)
                        .startsWith(
                                "worker processes that failed or were killed: 4, started again: 3; their trials were"));
        assertThat(saidOf(2, "kill -9 $$", 8))
                .hasValueSatisfying(said -> assertThat(said).contains("killed: 8, started again: 6;"));
    }

    @Test
    void whoEndsByItselfOrIsRefusedIsNot() throws Exception {
        assertThat(saidOf(2, "exit 0", 2)).isEmpty();
        assertThat(saidOf(1, "exit " + ExitCode.BAD_INPUT, 1))
                .hasValueSatisfying(said -> assertThat(said).contains("killed: 1, started again: 0;"));
    }
}
