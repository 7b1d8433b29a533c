package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Worker processes on one study, killed one after the other and replaced. {@code -Dsgquant.stress.seconds=60} makes it the
 * full minute.
 */
class SharedStudyTest {

    private static final SyntheticNetwork NETWORK = new SyntheticNetwork(6, 1);
    private static final int WORKERS = 4;

    /** Kills go on for this long; else there are a few, each after some trials. */
    private static final int SECONDS = Integer.getInteger("sgquant.stress.seconds", 0);

    private static final int FEW_KILLS = 4;
    private static final int TRIALS_BETWEEN = 10;
    private static final int MILLISECONDS_BETWEEN = 3000;

    /** Trials take this long, so that most kills hit one. */
    private static final int TRIAL_MILLISECONDS = 50;

    @TempDir
    private Path folder;

    /** A worker that measures until it is killed or {@code args[2]} trials are there; it notes every start of a trial. */
    static final class Worker {
        private Worker() {}

        public static void main(String[] args) {
            Path log = Path.of(args[1]);
            TrialRunner slow = bits -> {
                try {
                    Files.writeString(log, bits + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    Thread.sleep(TRIAL_MILLISECONDS);
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return NETWORK.measure(bits);
            };
            try (Study study = open(Path.of(args[0]))) {
                search(study, slow, Integer.parseInt(args[2]));
            }
        }
    }

    @Test
    void whateverWorkersAreKilledEveryTrialIsThereOnceAndNoneIsLost() throws Exception {
        Path file = folder.resolve("study.sqlite");
        long seed = System.nanoTime();
        System.out.println("kills: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<Process> workers = new ArrayList<>();
        int kills = 0;
        int started = 0;
        try {
            for (; started < WORKERS; started++) {
                workers.add(start(file, started, 1_000_000));
            }
            try (Study watched = open(file)) {
                long end = System.nanoTime() + SECONDS * 1_000_000_000L;
                while (System.nanoTime() < end || kills < FEW_KILLS) {
                    pause(watched);
                    int victim = random.nextInt(WORKERS);
                    assertThat(workers.get(victim).isAlive())
                            .as("a worker ended by itself")
                            .isTrue();
                    kill(workers.get(victim));
                    kills++;
                    workers.set(victim, start(file, started++, 1_000_000));
                }
            }
        } finally {
            for (Process worker : workers) {
                kill(worker);
            }
        }
        kills += WORKERS;
        check(file, started, kills);
    }

    private static void pause(Study watched) throws InterruptedException {
        if (SECONDS > 0) {
            Thread.sleep(MILLISECONDS_BETWEEN);
            return;
        }
        int enough = watched.trials().size() + TRIALS_BETWEEN;
        while (watched.trials().size() < enough) {
            Thread.sleep(20);
        }
    }

    private void check(Path file, int started, int kills) throws IOException {
        try (Study study = open(file)) {
            List<Study.Entry> kept = study.entries();
            assertThat(kept.size()).as("trials").isGreaterThan(FEW_KILLS * TRIALS_BETWEEN);
            int asked = kept.getLast().trial().number() + 1;
            Map<String, Long> byWorker =
                    kept.stream().collect(Collectors.groupingBy(Study.Entry::worker, Collectors.counting()));
            assertThat(byWorker.size()).as("workers that finished trials").isGreaterThan(1);
            int measured = 0;
            for (int i = 0; i < started; i++) {
                Path log = log(i);
                measured += Files.exists(log) ? Files.readAllLines(log).size() : 0;
            }
            System.out.printf(
                    "%d processes, %d kills: %d trials begun, %d in the study, by %d processes%n",
                    started, kills, measured, kept.size(), byWorker.size());
            assertThat(measured - kept.size())
                    .as("trials begun and not finished: none but those that a kill cut off")
                    .isBetween(0, kills);
            SearchResult resumed = search(study, NETWORK, asked);
            assertThat(resumed.trials().equals(study.trials())).isTrue();
            assertThat(resumed.trials().size()).isEqualTo(asked);
            assertThat(study.trials()
                            .containsAll(kept.stream().map(Study.Entry::trial).toList()))
                    .as("none is lost")
                    .isTrue();
            try (Study whole = Study.inMemory()) {
                assertThat(resumed.equals(search(whole, NETWORK, asked)))
                        .as("as without kills")
                        .isTrue();
            }
        }
    }

    @Test
    void twoProcessesShareTheTrialsAndBothSeeTheEnd() throws Exception {
        Path file = folder.resolve("study.sqlite");
        Process a = start(file, 0, 60);
        Process b = start(file, 1, 60);
        assertThat(a.waitFor()).isZero();
        assertThat(b.waitFor()).isZero();
        List<String> begun = new ArrayList<>(Files.readAllLines(log(0)));
        begun.addAll(Files.readAllLines(log(1)));
        assertThat(begun).hasSize(60).doesNotHaveDuplicates();
        try (Study study = open(file)) {
            assertThat(study.trials()).hasSize(60);
            assertThat(study.workers()).containsExactly(study.worker());
        }
    }

    private Path log(int worker) {
        return folder.resolve("worker" + worker);
    }

    private Process start(Path file, int worker, int trials) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Worker.class.getName(),
                        file.toString(),
                        log(worker).toString(),
                        String.valueOf(trials)))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void kill(Process worker) throws InterruptedException {
        worker.destroyForcibly();
        assertThat(worker.waitFor()).as("killed by signal 9").isEqualTo(128 + 9);
    }

    private static Study open(Path file) {
        return Study.open(file, Map.of("data", "synthetic"));
    }

    private static SearchResult search(Study study, TrialRunner runner, int trials) {
        return Search.run(
                NETWORK.problem(),
                new RandomSearch(),
                runner,
                study,
                new SearchSettings(trials, 0, 1),
                SearchListener.NONE);
    }
}
