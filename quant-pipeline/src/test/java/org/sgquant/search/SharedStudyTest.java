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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Worker processes on one study, killed one after the other and replaced. {@code -Dsgquant.stress.seconds=60} makes it the
 * full minute.
 */
class SharedStudyTest {

    private static final SyntheticNetwork NETWORK = new SyntheticNetwork(6, 1);
    private static final SearchStrategy RANDOM = new RandomSearch();
    private static final int WORKERS = 4;

    /** Kills go on for this long; else there are a few, each after some trials. */
    private static final int SECONDS = Integer.getInteger("sgquant.stress.seconds", 0);

    private static final int FEW_KILLS = 4;
    private static final int TRIALS_BETWEEN = 10;
    private static final int MILLISECONDS_BETWEEN = 3000;

    /** What takes seconds has hung when it takes this long. */
    private static final int LIMIT_SECONDS = 120;

    /** Trials take this long, so that most kills hit one. */
    private static final int TRIAL_MILLISECONDS = 50;

    @TempDir
    private Path folder;

    /** Searches by strategy {@code args[3]}, once {@code args[4]} workers live; notes every start of a trial. */
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
                // So that both of two workers measure, however long one takes to start.
                while (study.workers().size() < Integer.parseInt(args[4])) {
                    LockSupport.parkNanos(20_000_000);
                }
                search(study, strategy(args[3]), slow, Integer.parseInt(args[2]));
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
                workers.add(start(file, started, 1_000_000, RANDOM, 1));
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
                    workers.set(victim, start(file, started++, 1_000_000, RANDOM, 1));
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
        long start = System.nanoTime();
        while (watched.trials().size() < enough) {
            assertThat(System.nanoTime() - start)
                    .as("nanoseconds until trial " + enough)
                    .isLessThan(TimeUnit.SECONDS.toNanos(LIMIT_SECONDS));
            Thread.sleep(20);
        }
    }

    private void check(Path file, int started, int kills) throws IOException {
        try (Study study = open(file)) {
            List<Study.Entry> kept = study.entries();
            assertThat(kept.size()).as("trials").isGreaterThanOrEqualTo(FEW_KILLS * TRIALS_BETWEEN);
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
            SearchResult resumed = search(study, RANDOM, NETWORK, asked);
            assertThat(resumed.trials().equals(study.trials())).isTrue();
            assertThat(resumed.trials().size()).isEqualTo(asked);
            assertThat(study.trials()
                            .containsAll(kept.stream().map(Study.Entry::trial).toList()))
                    .as("none is lost")
                    .isTrue();
            try (Study whole = Study.inMemory()) {
                assertThat(resumed.equals(search(whole, RANDOM, NETWORK, asked)))
                        .as("as without kills")
                        .isTrue();
            }
        }
    }

    @Test
    void twoProcessesShareTheTrialsProposeAlikeAndBothSeeTheEnd() throws Exception {
        Path file = folder.resolve("study.sqlite");
        // Rounds that depend on what was measured before, by whichever process.
        SearchStrategy strategy = new AbsSearch();
        Process a = start(file, 0, 60, strategy, 2);
        Process b = start(file, 1, 60, strategy, 2);
        try {
            assertThat(exit(a)).isZero();
            assertThat(exit(b)).isZero();
        } finally {
            a.destroyForcibly();
            b.destroyForcibly();
        }
        List<String> begun = new ArrayList<>(Files.readAllLines(log(0)));
        begun.addAll(Files.readAllLines(log(1)));
        assertThat(begun).hasSize(60).doesNotHaveDuplicates();
        try (Study study = open(file);
                Study whole = Study.inMemory()) {
            assertThat(study.trials())
                    .hasSize(60)
                    .isEqualTo(search(whole, strategy, NETWORK, 60).trials());
            assertThat(study.workers()).containsExactly(study.worker());
            assertThat(study.entries().stream().map(Study.Entry::worker).distinct())
                    .as("processes that measured")
                    .hasSize(2);
        }
    }

    private Path log(int worker) {
        return folder.resolve("worker" + worker);
    }

    private Process start(Path file, int worker, int trials, SearchStrategy strategy, int together) throws IOException {
        return new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Worker.class.getName(),
                        file.toString(),
                        log(worker).toString(),
                        String.valueOf(trials),
                        strategy.name(),
                        String.valueOf(together)))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void kill(Process worker) throws InterruptedException {
        worker.destroyForcibly();
        assertThat(exit(worker)).as("killed by signal 9").isEqualTo(128 + 9);
    }

    private static int exit(Process worker) throws InterruptedException {
        assertThat(worker.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
                .as("a worker ended within " + LIMIT_SECONDS + " s")
                .isTrue();
        return worker.exitValue();
    }

    private static SearchStrategy strategy(String name) {
        return Stream.of(RANDOM, new AbsSearch())
                .filter(strategy -> strategy.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Study open(Path file) {
        return Study.open(file, Map.of("data", "synthetic"));
    }

    private static SearchResult search(Study study, SearchStrategy strategy, TrialRunner runner, int trials) {
        return Search.run(
                NETWORK.problem(), strategy, runner, study, new SearchSettings(trials, 0, 1), SearchListener.NONE);
    }
}
