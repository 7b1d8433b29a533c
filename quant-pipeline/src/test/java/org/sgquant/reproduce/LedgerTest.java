package org.sgquant.reproduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.FormatException;
import org.sgquant.experiment.Weights;

final class LedgerTest {

    private static final Ledger.Entry ENTRY =
            new Ledger.Entry("row, seed 0", "{\"test\" : 81.5}", new byte[] {1, 2, 3});

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void nameFile() {
        file = folder.resolve("ledger.sqlite");
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void aFileThatSeveralOpenAtOnceIsMadeByOneAndTakenByAll() throws Exception {
        try (ExecutorService openers = Executors.newFixedThreadPool(4)) {
            for (int round = 0; round < 60; round++) {
                Path fresh = folder.resolve(round + ".sqlite");
                List<Future<Ledger>> ledgers = IntStream.range(0, 4)
                        .mapToObj(i -> openers.submit(() -> Ledger.open(fresh)))
                        .toList();
                for (Future<Ledger> ledger : ledgers) {
                    ledger.get().close();
                }
            }
        }
    }

    @Test
    void aResultOutlivesTheLedgerAndIsNotClaimedAgain() {
        try (Ledger ledger = Ledger.open(file)) {
            assertThat(ledger.find("k")).isEmpty();
            assertThat(ledger.claim("k")).isTrue();
            ledger.finish("k", ENTRY);
        }
        try (Ledger ledger = Ledger.open(file)) {
            assertThat(ledger.claim("k")).isFalse();
            assertThat(ledger.has("k")).isTrue();
            Ledger.Entry found = ledger.find("k").orElseThrow();
            assertThat(found.label()).isEqualTo(ENTRY.label());
            assertThat(found.document()).isEqualTo(ENTRY.document());
            assertThat(found.weights()).isEqualTo(ENTRY.weights());
        }
    }

    @Test
    void aClaimIsHeldAgainstOthersUntilItIsReleasedOrItsLedgerClosed() {
        try (Ledger other = Ledger.open(file)) {
            try (Ledger ledger = Ledger.open(file)) {
                assertThat(ledger.claim("k")).isTrue();
                assertThat(ledger.claim("k")).as("its own, from another lane").isFalse();
                assertThat(other.claim("k")).isFalse();
                other.release("k");
                assertThat(other.isFree("k"))
                        .as("released by who does not hold it")
                        .isFalse();
                ledger.release("k");
                assertThat(other.claim("k")).isTrue();
                other.release("k");
                assertThat(ledger.claim("k")).isTrue();
            }
            assertThat(other.claim("k")).isTrue();
        }
    }

    @Test
    void theClaimOfADeadProcessAndOfASilentOneAreTakenOver() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        try (Ledger ledger = Ledger.open(file);
                Ledger other = Ledger.open(file)) {
            assertThat(List.of(ledger.claim("dead"), ledger.claim("silent"), ledger.claim("elsewhere")))
                    .containsOnly(true);
            execute("UPDATE claim SET pid = " + gone.pid() + " WHERE key = 'dead'");
            // In another container a process id says nothing: only silence does.
            execute("UPDATE claim SET pid = " + gone.pid() + ", namespace = 'pid:[1]' WHERE key = 'elsewhere'");
            execute("UPDATE claim SET owner = 'x', beat = beat - 50000 WHERE key = 'silent'");
            assertThat(other.claim("dead")).isTrue();
            assertThat(other.claim("elsewhere")).isFalse();
            assertThat(other.claim("silent")).as("50 seconds are a pause").isFalse();
            execute("UPDATE claim SET beat = beat - 10001 WHERE key = 'silent'");
            assertThat(other.claim("silent")).isTrue();
        }
    }

    @Test
    void aLedgerGivesSignsOfLifeForItsClaims() throws Exception {
        try (Ledger ledger = Ledger.open(file);
                Ledger other = Ledger.open(file)) {
            assertThat(ledger.claim("k")).isTrue();
            execute("UPDATE claim SET beat = 0, namespace = 'pid:[1]'");
            long start = System.nanoTime();
            while (other.isFree("k")) {
                assertThat(System.nanoTime() - start).as("ns without a beat").isLessThan(30_000_000_000L);
                Thread.sleep(100);
            }
        }
    }

    @Test
    void manyWorkersOnManyConnectionsGetEveryKeyOnce() throws Exception {
        int keys = 60;
        ConcurrentHashMap<String, AtomicInteger> claimed = new ConcurrentHashMap<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<?>> workers = IntStream.range(0, 6)
                    .<Future<?>>mapToObj(w -> threads.submit(() -> {
                        // All create the file at once, too.
                        try (Ledger ledger = Ledger.open(file)) {
                            for (int k = 0; k < keys; k++) {
                                String key = "k" + (k * 7 + w * 11) % keys;
                                if (ledger.claim(key)) {
                                    claimed.computeIfAbsent(key, x -> new AtomicInteger())
                                            .incrementAndGet();
                                    ledger.finish(key, ENTRY);
                                }
                            }
                        }
                    }))
                    .toList();
            for (Future<?> worker : workers) {
                worker.get();
            }
        }
        assertThat(claimed).hasSize(keys);
        assertThat(claimed.values()).allMatch(n -> n.get() == 1);
    }

    @Test
    void whatIsNoLedgerAndWhatWasChangedIsRefusedInOneSentence() throws Exception {
        try (Ledger ledger = Ledger.open(file)) {
            ledger.claim("k");
            ledger.finish("k", ENTRY);
            execute("UPDATE result SET weights = x'010204'");
            assertRefused(() -> ledger.find("k"), "checksum");
        }
        execute("PRAGMA user_version = 99");
        assertRefused(() -> Ledger.open(file), "no ledger of this version");
        Files.delete(file);
        execute("CREATE TABLE trial (number INTEGER)");
        assertRefused(() -> Ledger.open(file), "no ledger of this version");
        Files.writeString(file, "this is not a database, but it is longer than its header of 100 bytes ".repeat(3));
        assertRefused(() -> Ledger.open(file), "corrupt or no ledger");
        assertRefused(() -> Ledger.open(folder.resolve("nosuch/ledger.sqlite")), "cannot be opened");
    }

    private static void assertRefused(ThrowingCallable call, String reason) {
        assertThatThrownBy(call)
                .isInstanceOf(FormatException.class)
                .hasMessageContaining(reason)
                .hasMessageContaining("ledger.sqlite")
                .hasMessageNotContaining("\n");
    }

    @Test
    void weightsComeBackBitForBit() throws IOException {
        float[][] a = {{1, -0.0f, Float.MIN_VALUE}, {Float.MAX_VALUE, 0.1f, -3}};
        List<float[][]> read = Weights.read(Weights.write(List.of(a, new float[0][], new float[][] {{7}})));
        assertThat(read).hasSize(3);
        assertThat(read.get(0)).isDeepEqualTo(a);
        assertThat(read.get(1)).isEmpty();
        assertThat(read.get(2)).isDeepEqualTo(new float[][] {{7}});
    }
}
