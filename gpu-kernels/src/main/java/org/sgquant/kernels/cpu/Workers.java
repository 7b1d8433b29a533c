package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;

/**
 * Fixed pool of daemon threads that runs a loop over [0, items) in chunks; the caller works along.
 *
 * <p>Chunks are claimed in ascending order, so an uneven loop balances itself. Small work runs inline, because waking
 * a thread costs more than a 20-microsecond loop. Where chunks throw, the exception of the lowest one is thrown, as a
 * plain loop would. One thread drives a pool, and a body never calls back into it.
 */
public final class Workers implements AutoCloseable {

    /** Element operations below which a loop runs inline: about 20 microseconds of vector code. */
    private static final long INLINE_WORK = 1 << 18;

    /** Least element operations of a chunk, so that claiming it costs nothing beside it. */
    private static final long CHUNK_WORK = 1 << 14;

    private static final int CHUNKS_PER_THREAD = 8;

    /** Polls before a thread parks: some ten microseconds, the gap between two ops of a plan. */
    private static final int SPINS = 1_000;

    /** A loop body over the half-open range [from, to), never empty. */
    @FunctionalInterface
    public interface RangeBody {
        void accept(int from, int to);
    }

    private final Thread[] helpers;
    private volatile Job job;
    private volatile boolean closed;
    private HostMemory scratchMemory = new HostMemory();
    private MemorySegment scratch = scratchMemory.allocate(0);

    /** Pool of {@code threads} in all, the caller included; 1 starts none. */
    public Workers(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: got " + threads + ", expected at least 1");
        }
        helpers = new Thread[threads - 1];
        for (int t = 0; t < helpers.length; t++) {
            helpers[t] = Thread.ofPlatform()
                    .daemon()
                    .name("sgquant-worker-" + (t + 1))
                    .start(this::help);
        }
    }

    public int threads() {
        return helpers.length + 1;
    }

    /** At least {@code bytes} of memory for one op of the calling thread, kept for the next: its content is lost. */
    MemorySegment scratch(long bytes) {
        if (scratch.byteSize() < bytes) {
            scratchMemory.close();
            scratchMemory = new HostMemory();
            scratch = scratchMemory.allocate(bytes);
        }
        return scratch;
    }

    /** Covers [0, items) by ranges of equal length; {@code work} is a rough count of element operations in all. */
    public void run(long work, int items, RangeBody body) {
        int chunks = chunks(work, items);
        run(chunks, items, c -> (int) ((long) items * c / chunks), body);
    }

    /** Covers the rows of {@code graph} by ranges of about equally many edges, each edge costing {@code cols}. */
    public void runRows(CsrGraph graph, int cols, RangeBody body) {
        int rows = graph.numRows();
        IntArray rowPtr = graph.rowPtr();
        long total = (long) rows + graph.numEdges();
        int chunks = chunks(total * Math.max(cols, 1), rows);
        run(chunks, rows, c -> firstRow(rowPtr, rows, total * c / chunks), body);
    }

    /** First row r with {@code rowPtr[r] + r >= cost}: a row costs its edges and one more for its output. */
    private static int firstRow(IntArray rowPtr, int rows, long cost) {
        int lo = 0;
        int hi = rows;
        while (lo < hi) {
            int mid = (lo + hi) >>> 1;
            if ((long) rowPtr.get(mid) + mid >= cost) {
                hi = mid;
            } else {
                lo = mid + 1;
            }
        }
        return lo;
    }

    private int chunks(long work, int items) {
        if (helpers.length == 0 || work < INLINE_WORK) {
            return Math.min(items, 1);
        }
        return (int) Math.min(Math.min(work / CHUNK_WORK, items), (long) threads() * CHUNKS_PER_THREAD);
    }

    /** Runs chunk c over [bound(c), bound(c + 1)) for c in [0, chunks); a single one covers [0, items). */
    private void run(int chunks, int items, IntUnaryOperator bound, RangeBody body) {
        if (closed) {
            throw new IllegalStateException("Workers: already closed");
        }
        if (chunks == 1) {
            body.accept(0, items);
        } else if (chunks > 1) {
            runShared(new Job(chunks, bound, body, Thread.currentThread()));
        }
    }

    private void runShared(Job shared) {
        job = shared;
        for (int t = 0; t < Math.min(helpers.length, shared.chunks - 1); t++) {
            LockSupport.unpark(helpers[t]);
        }
        shared.work();
        shared.await();
        job = null;
        shared.rethrow();
    }

    private void help() {
        int idle = 0;
        while (!closed) {
            Job current = job;
            if (current != null && current.isOpen()) {
                current.work();
                idle = 0;
            } else if (idle++ < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
                idle = 0;
            }
        }
    }

    /** Ends the helpers, waits for them and frees the scratch memory. */
    @Override
    public void close() {
        closed = true;
        for (Thread helper : helpers) {
            LockSupport.unpark(helper);
        }
        boolean interrupted = false;
        for (Thread helper : helpers) {
            while (helper.isAlive()) {
                try {
                    helper.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        scratchMemory.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One loop being shared out. */
    private static final class Job {
        private final int chunks;
        private final IntUnaryOperator bound;
        private final RangeBody body;
        private final Thread caller;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger pending;
        private int failedChunk = Integer.MAX_VALUE;
        private Throwable failure;

        Job(int chunks, IntUnaryOperator bound, RangeBody body, Thread caller) {
            this.chunks = chunks;
            this.bound = bound;
            this.body = body;
            this.caller = caller;
            pending = new AtomicInteger(chunks);
        }

        boolean isOpen() {
            return next.get() < chunks;
        }

        void work() {
            for (int c = next.getAndIncrement(); c < chunks; c = next.getAndIncrement()) {
                try {
                    int from = bound.applyAsInt(c);
                    int to = bound.applyAsInt(c + 1);
                    if (from < to) {
                        body.accept(from, to);
                    }
                } catch (RuntimeException | Error e) {
                    fail(c, e);
                }
                if (pending.decrementAndGet() == 0) {
                    LockSupport.unpark(caller);
                }
            }
        }

        private synchronized void fail(int chunk, Throwable e) {
            if (chunk < failedChunk) {
                failedChunk = chunk;
                failure = e;
            }
        }

        void await() {
            for (int spins = 0; pending.get() > 0; spins++) {
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
        }

        synchronized void rethrow() {
            switch (failure) {
                case null -> {}
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new AssertionError(failure);
            }
        }
    }
}
