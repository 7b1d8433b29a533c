package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyTest {

    private static final Map<String, String> FINGERPRINT = Map.of("data", "cora 8f3a", "model", "gcn 2x16");

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("study.sqlite");
    }

    @Test
    void whoOnlyLooksChangesNothingAndSeesWhatOthersWrite() throws IOException {
        Study.open(file, FINGERPRINT).close();
        byte[] before = Files.readAllBytes(file);
        try (Study look = Study.look(file)) {
            assertThat(look.header()).containsAllEntriesOf(FINGERPRINT);
            assertThat(look.workers()).isEmpty();
            assertThatThrownBy(() -> look.ask(5))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("cannot be written");
            assertThat(Files.readAllBytes(file)).isEqualTo(before);
            try (Study worker = Study.open(file, FINGERPRINT)) {
                worker.commit(trial(0, 79));
                assertThat(look.trials()).hasSize(1);
                assertThat(look.workers()).containsExactly(worker.worker());
            }
        }
        Path other = folder.resolve("of # another%20name?.db");
        Study.open(other, FINGERPRINT).close();
        try (Study look = Study.look(other)) {
            assertThat(look.trials()).isEmpty();
        }
    }

    @Test
    void trialsAndHeaderSurviveReopening() {
        List<Trial> trials = List.of(trial(0, 79.25), trial(1, Double.MIN_VALUE), trial(2, 100.0 / 3));
        Map<String, String> header;
        try (Study study = Study.open(file, FINGERPRINT)) {
            study.commit(trials.get(2));
            study.commit(trials.get(0));
            study.commit(trials.get(1));
            header = study.header();
        }
        try (Study study = Study.open(file, FINGERPRINT)) {
            assertThat(study.trials()).isEqualTo(trials);
            assertThat(study.header()).isEqualTo(header).containsAllEntriesOf(FINGERPRINT);
            assertThat(study.header()).containsKey("study.created");
        }
    }

    @Test
    void anotherFingerprintIsRefusedNamingWhatDiffers() {
        Study.open(file, FINGERPRINT).close();
        assertThatThrownBy(() -> Study.open(file, Map.of("data", "cora 8f3a", "model", "gcn 3x16")))
                .isInstanceOf(StudyException.class)
                .hasMessage(file + ": the study belongs to another search: model is 'gcn 2x16' in the study and"
                        + " 'gcn 3x16' now");
        Study.open(file, FINGERPRINT).close();
    }

    @Test
    void aTrialIsStoredOnceAndKeepsItsNumberAndItsWidths() {
        try (Study study = Study.open(file, FINGERPRINT)) {
            Trial first = trial(0, 79);
            assertThat(study.commit(first)).isEqualTo(first);
            assertThat(study.commit(trial(0, 80)))
                    .as("what the study had before stays")
                    .isEqualTo(first);
            assertRefused(() -> study.commit(new Trial(1, 0, first.bits(), first.measurement(), true)));
            assertRefused(() -> study.commit(new Trial(0, 0, List.of(1, 1, 1), first.measurement(), true)));
            assertThat(study.trials()).containsExactly(first);
            assertThat(study.entries().getFirst().worker()).isEqualTo(study.worker());
            assertThat(study.entries().getFirst().ended())
                    .isBefore(Instant.now().plusSeconds(1));
        }
    }

    @Test
    void aTrialIsClaimedByOneWorkerUntilItEndsOrTheWorkerCloses() {
        try (Study other = Study.open(file, FINGERPRINT)) {
            try (Study study = Study.open(file, FINGERPRINT)) {
                assertThat(study.claim(0)).isTrue();
                assertThat(study.claim(0)).as("its own, from another thread").isFalse();
                assertThat(other.claim(0)).isFalse();
                other.release(0);
                assertThat(other.claim(0))
                        .as("released by who does not have it")
                        .isFalse();
                study.commit(trial(0, 79));
                assertThat(other.claim(0)).as("it is finished").isFalse();
                assertThat(study.claim(1)).isTrue();
                study.release(1);
                assertThat(other.claim(1)).isTrue();
                assertThat(study.claim(2)).isTrue();
                assertThat(other.workers()).containsExactlyInAnyOrder(study.worker(), other.worker());
            }
            assertThat(other.claim(2)).isTrue();
            assertThat(other.workers()).containsExactly(other.worker());
        }
    }

    @Test
    void theTrialOfAWorkerThatIsGoneOrSilentIsTakenOver() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        try (Study study = Study.open(file, FINGERPRINT);
                Study other = Study.open(file, FINGERPRINT)) {
            assertThat(List.of(study.claim(0), study.claim(1))).containsOnly(true);
            execute("UPDATE claim SET pid = " + gone.pid() + " WHERE key = 'trial 0'");
            execute("UPDATE claim SET owner = 'x', beat = beat - 50000 WHERE key = 'trial 1'");
            assertThat(other.claim(0)).isTrue();
            assertThat(other.claim(1)).as("50 seconds are a pause").isFalse();
            execute("UPDATE claim SET beat = beat - 10001 WHERE key = 'trial 1'");
            assertThat(other.claim(1)).isTrue();
            // The one that was silent comes back: its trial is there, and the one that took it over keeps its own.
            other.commit(trial(1, 80));
            assertThat(study.commit(trial(1, 79)).measurement().validationAccuracy())
                    .isEqualTo(80);
            assertThat(other.trials()).hasSize(1);
        }
    }

    @Test
    void aWorkerGivesSignsOfLifeWhileItMeasures() throws Exception {
        try (Study study = Study.open(file, FINGERPRINT);
                Study other = Study.open(file, FINGERPRINT)) {
            assertThat(study.claim(0)).isTrue();
            execute("UPDATE claim SET beat = 0, namespace = 'pid:[1]'");
            long start = System.nanoTime();
            while (!other.workers().contains(study.worker())) {
                assertThat(System.nanoTime() - start).as("ns without a beat").isLessThan(30_000_000_000L);
                Thread.sleep(50);
            }
            assertThat(other.claim(0)).isFalse();
        }
    }

    @Test
    void whatIsMadeOnceIsMadeByOneWorkerAndReadByAll() throws Exception {
        AtomicInteger made = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Future<byte[]>> workers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                workers.add(threads.submit(() -> {
                    try (Study study = Study.open(file, FINGERPRINT)) {
                        return study.once("k", () -> new byte[] {(byte) made.incrementAndGet()});
                    }
                }));
            }
            for (Future<byte[]> worker : workers) {
                assertThat(worker.get()).containsExactly(1);
            }
        }
        assertThat(made).hasValue(1);
        try (Study study = Study.open(file, FINGERPRINT)) {
            assertThatThrownBy(() -> study.once("failing", () -> {
                        throw new IllegalStateException("diverged");
                    }))
                    .hasMessage("diverged");
            assertThat(study.once("failing", () -> new byte[] {7})).containsExactly(7);
            execute("UPDATE once SET value = x'09' WHERE key = 'k'");
            assertThatThrownBy(() -> study.once("k", () -> new byte[0]))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("the checksum of row 'k' is wrong");
        }
    }

    @Test
    void whatAnotherWorkerMakesNeedNotBeWaitedFor() {
        try (Study one = Study.open(file, FINGERPRINT);
                Study other = Study.open(file, FINGERPRINT)) {
            byte[] made = one.once("k", () -> {
                assertThat(other.tryOnce("k", () -> new byte[] {2})).isEmpty();
                assertThat(other.tryOnce("free", () -> new byte[] {3})).hasValue(new byte[] {3});
                return new byte[] {1};
            });
            assertThat(other.tryOnce("k", () -> new byte[] {2})).hasValue(made);
            assertThat(one.find("free")).hasValue(new byte[] {3});
        }
    }

    @Test
    void oneWorkerAtATimeIsAlone() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                workers.add(threads.submit(() -> {
                    try (Study study = Study.open(file, FINGERPRINT)) {
                        study.alone(() -> {
                            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                            LockSupport.parkNanos(20_000_000);
                            return inside.decrementAndGet();
                        });
                    }
                }));
            }
            for (Future<?> worker : workers) {
                worker.get();
            }
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void anotherVersionsStudyIsRefused() throws Exception {
        Study.open(file, FINGERPRINT).close();
        execute("PRAGMA user_version = 99");
        assertThatThrownBy(() -> Study.open(file, FINGERPRINT))
                .isInstanceOf(StudyException.class)
                .hasMessage(file + ": this is no study of this version of sgquant");
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void foldersThatCannotBeWrittenAreRefused() throws IOException {
        Path missing = folder.resolve("no/such/study.sqlite");
        assertThatThrownBy(() -> Study.open(missing, FINGERPRINT))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("is not a folder");
        assertRefused(() -> Study.open(folder, FINGERPRINT));
        Path readOnly = Files.createDirectory(folder.resolve("read-only"));
        assertThat(readOnly.toFile().setWritable(false)).isTrue();
        // The super-user may write anywhere but into a file system of the kernel.
        Path place = Files.isWritable(readOnly) ? Path.of("/proc/self") : readOnly;
        assertRefused(() -> Study.open(place.resolve("study.sqlite"), FINGERPRINT));
        assertThat(readOnly.toFile().setWritable(true)).isTrue();
    }

    @Test
    void anotherFormatIsRefused() throws IOException {
        Files.writeString(file, "number,round,bits\n0,0,8 8 8\n".repeat(100));
        assertThatThrownBy(() -> Study.open(file, FINGERPRINT))
                .isInstanceOf(StudyException.class)
                .hasMessage(file + ": the study cannot be used: it is corrupt or no study");
    }

    @Test
    void aDamagedFileIsRefusedOrReadsAsItWas() throws IOException {
        List<Trial> trials = new ArrayList<>();
        try (Study study = Study.open(file, FINGERPRINT)) {
            for (int n = 0; n < 40; n++) {
                trials.add(trial(n, 70 + 0.2 * n));
                study.commit(trials.getLast());
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        long seed = 20260101;
        SplittableRandom random = new SplittableRandom(seed);
        int refused = 0;
        for (int attempt = 0; attempt < 300; attempt++) {
            byte[] damaged = bytes.clone();
            if (attempt % 10 == 0) {
                damaged = Arrays.copyOf(bytes, random.nextInt(1, bytes.length));
            } else {
                damaged[random.nextInt(attempt % 2 == 0 ? bytes.length : 200)] ^= (byte) (1 << random.nextInt(8));
            }
            Path copy = folder.resolve("damaged" + attempt);
            Files.write(copy, damaged);
            Throwable problem = catchThrowable(() -> {
                try (Study study = Study.open(copy, FINGERPRINT)) {
                    assertThat(study.trials()).isSubsetOf(trials);
                }
            });
            if (problem != null) {
                assertOneSentence(problem, "seed " + seed + ", attempt " + attempt, copy);
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(50);
    }

    private static void assertOneSentence(Throwable problem, String replay, Path file) {
        assertThat(problem).as(replay).isInstanceOf(StudyException.class);
        assertThat(problem.getMessage()).as(replay).startsWith(file + ": ").doesNotContain("\n");
    }

    private static void assertRefused(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(StudyException.class).hasMessageNotContaining("\n");
    }

    private static Trial trial(int number, double accuracy) {
        Measurement measurement = new Measurement(
                accuracy,
                new Cost(1000L + number, 500, number % 2 == 0 ? Double.NaN : 0.0125),
                1L << 40,
                0.125 * number);
        return new Trial(
                number, number / 20, List.of(1 + number % 8, 1 + number / 8 % 8, 8), measurement, number % 3 == 0);
    }
}
