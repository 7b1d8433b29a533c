package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.kernels.RandomTensors;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

class WorkersTest {

    private static final long MUCH = 1L << 40;

    @ParameterizedTest
    @CsvSource({"1, 0", "1, 37", "2, 0", "2, 1", "3, 2", "3, 37", "4, 100003"})
    void coversEveryItemOnce(int threads, int items) {
        try (Workers workers = new Workers(threads)) {
            assertThat(workers.threads()).isEqualTo(threads);
            AtomicIntegerArray seen = new AtomicIntegerArray(items);
            workers.run(MUCH, items, (from, to) -> {
                assertThat(from).isLessThan(to);
                for (int i = from; i < to; i++) {
                    seen.incrementAndGet(i);
                }
            });
            for (int i = 0; i < items; i++) {
                assertThat(seen.get(i)).as("item %d", i).isEqualTo(1);
            }
        }
    }

    @Test
    void smallWorkRunsInlineAsOneRange() {
        try (Workers workers = new Workers(3)) {
            List<String> calls = new ArrayList<>();
            workers.run(1000, 37, (from, to) -> calls.add(Thread.currentThread().threadId() + ":" + from + "-" + to));
            assertThat(calls).containsExactly(Thread.currentThread().threadId() + ":0-37");
        }
    }

    @Test
    void largeWorkRunsOnSeveralThreadsAtOnce() {
        try (Workers workers = new Workers(3)) {
            CountDownLatch together = new CountDownLatch(3);
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            workers.run(MUCH, 3, (from, to) -> {
                threads.add(Thread.currentThread());
                together.countDown();
                assertThat(await(together)).as("three threads at once").isTrue();
            });
            assertThat(threads).hasSize(3).contains(Thread.currentThread());
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void manyShortLoopsLoseNothing() {
        try (Workers workers = new Workers(3)) {
            AtomicLong sum = new AtomicLong();
            for (int loop = 0; loop < 20_000; loop++) {
                workers.run(MUCH, 5, (from, to) -> sum.addAndGet(to - from));
                assertThat(sum.get()).isEqualTo(5L * (loop + 1));
            }
        }
    }

    @Test
    void theExceptionOfTheLowestRangeIsThrownAndThePoolLivesOn() {
        try (Workers workers = new Workers(3)) {
            for (int attempt = 0; attempt < 200; attempt++) {
                assertThatThrownBy(() -> workers.run(MUCH, 1000, (from, to) -> {
                            if (to > 500) {
                                throw new IllegalStateException("item " + Math.max(from, 500));
                            }
                        }))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage("item 500");
            }
            AtomicInteger done = new AtomicInteger();
            workers.run(MUCH, 1000, (from, to) -> done.addAndGet(to - from));
            assertThat(done).hasValue(1000);
            assertThatThrownBy(() -> workers.run(MUCH, 10, (from, to) -> {
                        throw new StackOverflowError();
                    }))
                    .isInstanceOf(StackOverflowError.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 200, 50", "3, 0, 50", "3, 1, 50", "3, 20011, 50", "4, 2000, 1000"})
    void rowsAreCoveredOnceInRangesOfAboutEqualEdges(int threads, int rows, int degree) {
        try (RandomTensors random = new RandomTensors();
                Workers workers = new Workers(threads)) {
            CsrGraph graph = random.graph(rows, 100_000, degree);
            List<int[]> ranges = Collections.synchronizedList(new ArrayList<>());
            workers.runRows(graph, 64, (from, to) -> ranges.add(new int[] {from, to}));
            ranges.sort((a, b) -> Integer.compare(a[0], b[0]));
            int next = 0;
            int share = (graph.numEdges() + rows) / Math.max(ranges.size(), 1);
            for (int[] range : ranges) {
                assertThat(range[0]).isEqualTo(next);
                next = range[1];
                int edges = graph.rowPtr().get(range[1]) - graph.rowPtr().get(range[0]);
                assertThat(edges).as("edges of a range").isLessThanOrEqualTo(share + graph.maxDegree());
            }
            assertThat(next).isEqualTo(rows);
            assertThat(ranges).hasSizeGreaterThanOrEqualTo(rows > 1000 ? threads : 0);
        }
    }

    @Test
    void aClosedPoolHasNoThreadsAndNoMemoryAndRefusesWork() {
        long before = HostMemory.liveBytes();
        Workers workers = new Workers(3);
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        CountDownLatch together = new CountDownLatch(3);
        workers.run(MUCH, 3, (from, to) -> {
            threads.add(Thread.currentThread());
            together.countDown();
            assertThat(await(together)).isTrue();
        });
        workers.scratch(1000);
        workers.scratch(1 << 20);
        workers.close();
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
        assertThat(threads)
                .filteredOn(t -> !t.equals(Thread.currentThread()))
                .hasSize(2)
                .noneMatch(Thread::isAlive);
        assertThatThrownBy(() -> workers.run(1, 1, (from, to) -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("Workers: already closed");
    }

    @Test
    void scratchMemoryIsKept() {
        try (Workers workers = new Workers(1)) {
            assertThat(workers.scratch(500).byteSize()).isGreaterThanOrEqualTo(500);
            assertThat(workers.scratch(5000).address())
                    .isEqualTo(workers.scratch(4000).address());
        }
    }

    @Test
    void refusesAPoolWithoutThreads() {
        assertThatThrownBy(() -> new Workers(0)).hasMessage("threads: got 0, expected at least 1");
    }
}
