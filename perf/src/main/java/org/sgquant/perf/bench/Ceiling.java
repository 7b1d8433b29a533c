package org.sgquant.perf.bench;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jdk.incubator.vector.VectorOperators.XOR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;
import org.sgquant.kernels.cpu.Workers;
import org.sgquant.kernels.cpu.Yardsticks;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

/**
 * What memory can do: whole vectors are loaded and xor-ed together, nothing else.
 *
 * <p>{@link #stream} reads one large buffer in order. {@link #gather} reads, for every edge of a graph in order, the row of
 * its source in whole lines of 64 bytes: what an aggregation must read, without its arithmetic and its result.
 */
final class Ceiling implements AutoCloseable {

    /** Bytes of the buffer that is streamed: far above any cache. */
    static final long STREAMED = 256L << 20;

    private static final VectorSpecies<Long> LANES = LongVector.SPECIES_PREFERRED;
    private static final int VECTOR = LANES.vectorByteSize();
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final long LINE = Memory.ALIGNMENT;
    private static final int STREAM_BLOCK = 4096;

    /** Makes every word of the buffer another one: 2^64 over the golden ratio. */
    private static final long ODD = 0x9e3779b97f4a7c15L;

    private final HostMemory memory = new HostMemory();
    private final MemorySegment buffer;
    /** Where every loop leaves the xor of what it read, so that none is optimized away. */
    private final AtomicLong sink = new AtomicLong();

    /** With rows of up to {@code rowBytes} of a graph of {@code nodes}. */
    Ceiling(int nodes, int rowBytes) {
        buffer = memory.allocate(Math.max(STREAMED, Memory.align((long) nodes * rowBytes + LINE)));
        // Pages that were never written are all the same zeros in one page of memory.
        for (long at = 0; at < buffer.byteSize(); at += Long.BYTES) {
            buffer.set(JAVA_LONG, at, (at + 1) * ODD);
        }
    }

    /** Reads {@link #STREAMED} bytes. */
    Runnable stream(Workers workers) {
        int blocks = (int) (STREAMED / STREAM_BLOCK);
        return () -> workers.run(
                STREAMED, blocks, (from, to) -> keep(sweep((long) from * STREAM_BLOCK, (long) to * STREAM_BLOCK)));
    }

    private long sweep(long from, long to) {
        LongVector a = LongVector.zero(LANES);
        LongVector b = a;
        for (long at = from; at < to; at += 2L * VECTOR) {
            a = a.lanewise(XOR, LongVector.fromMemorySegment(LANES, buffer, at, ORDER));
            b = b.lanewise(XOR, LongVector.fromMemorySegment(LANES, buffer, at + VECTOR, ORDER));
        }
        return a.lanewise(XOR, b).reduceLanes(XOR);
    }

    /** Reads rows of {@code rowBytes} for every edge of {@code graph} in C++, those of later edges fetched ahead. */
    Runnable gather(Workers workers, CsrGraph graph, int rowBytes, Yardsticks yardsticks) {
        return () -> workers.run(
                gatherWork(graph, rowBytes),
                graph.numEdges(),
                (from, to) -> keep(yardsticks.gather(buffer, rowBytes, graph, from, to)));
    }

    private static long gatherWork(CsrGraph graph, int rowBytes) {
        return (long) graph.numEdges() * Math.ceilDiv(rowBytes, LINE) * LINE / Float.BYTES;
    }

    /**
     * The same in Java, which cannot fetch ahead, two edges at a time where {@code pairs}: which is
     * faster depends on the machine and the size of rows.
     */
    Runnable gather(Workers workers, CsrGraph graph, int rowBytes, boolean pairs) {
        MemorySegment sources = graph.colIdx().data();
        return () -> workers.run(gatherWork(graph, rowBytes), graph.numEdges(), (from, to) -> {
            boolean single = rowBytes <= LINE && LINE % rowBytes == 0;
            int even = pairs ? from + (to - from) / 2 * 2 : from;
            if (even > from && single) {
                keep(linePairs(sources, from, even, rowBytes));
            } else if (even > from && rowBytes == 2 * LINE) {
                keep(twoLinePairs(sources, from, even));
            } else if (even > from) {
                keep(rowPairs(sources, from, even, rowBytes));
            }
            keep(single ? lines(sources, even, to, rowBytes) : rows(sources, even, to, rowBytes));
        });
    }

    private void keep(long bits) {
        sink.accumulateAndGet(bits, (a, b) -> a ^ b);
    }

    /** The xor of all words read since this was last asked. */
    long takeBits() {
        return sink.getAndSet(0);
    }

    /** Rows that lie in one line each. */
    private long lines(MemorySegment sources, int from, int to, long rowBytes) {
        LongVector a = LongVector.zero(LANES);
        for (int e = from; e < to; e++) {
            a = a.lanewise(XOR, line(sources.get(JAVA_INT, 4L * e) * rowBytes & -LINE));
        }
        return a.reduceLanes(XOR);
    }

    /** Rows that lie in one line each, of two edges at a time; their number is even. */
    private long linePairs(MemorySegment sources, int from, int to, long rowBytes) {
        LongVector a = LongVector.zero(LANES);
        LongVector b = a;
        for (int e = from; e < to; e += 2) {
            a = a.lanewise(XOR, line(sources.get(JAVA_INT, 4L * e) * rowBytes & -LINE));
            b = b.lanewise(XOR, line(sources.get(JAVA_INT, 4L * e + 4) * rowBytes & -LINE));
        }
        return a.lanewise(XOR, b).reduceLanes(XOR);
    }

    /** Rows of two lines each, of two edges at a time; their number is even. */
    private long twoLinePairs(MemorySegment sources, int from, int to) {
        LongVector a = LongVector.zero(LANES);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        for (int e = from; e < to; e += 2) {
            long one = sources.get(JAVA_INT, 4L * e) * (2 * LINE);
            long other = sources.get(JAVA_INT, 4L * e + 4) * (2 * LINE);
            a = a.lanewise(XOR, line(one));
            b = b.lanewise(XOR, line(one + LINE));
            c = c.lanewise(XOR, line(other));
            d = d.lanewise(XOR, line(other + LINE));
        }
        return a.lanewise(XOR, b).lanewise(XOR, c.lanewise(XOR, d)).reduceLanes(XOR);
    }

    /** Rows of several lines, of two edges at a time, which start anywhere in a line each; their number is even. */
    private long rowPairs(MemorySegment sources, int from, int to, long rowBytes) {
        LongVector a = LongVector.zero(LANES);
        LongVector b = a;
        for (int e = from; e < to; e += 2) {
            long one = sources.get(JAVA_INT, 4L * e) * rowBytes;
            long other = sources.get(JAVA_INT, 4L * e + 4) * rowBytes;
            long oneEnd = one + rowBytes;
            long otherEnd = other + rowBytes;
            one &= -LINE;
            other &= -LINE;
            for (; one < oneEnd && other < otherEnd; one += LINE, other += LINE) {
                a = a.lanewise(XOR, line(one));
                b = b.lanewise(XOR, line(other));
            }
            // Where one of them touches a line more.
            if (one < oneEnd) {
                a = a.lanewise(XOR, line(one));
            }
            if (other < otherEnd) {
                b = b.lanewise(XOR, line(other));
            }
        }
        return a.lanewise(XOR, b).reduceLanes(XOR);
    }

    /** Rows of several lines: up to four at a time, so that loads do not wait for each other. */
    private long rows(MemorySegment sources, int from, int to, long rowBytes) {
        LongVector a = LongVector.zero(LANES);
        LongVector b = a;
        LongVector c = a;
        LongVector d = a;
        for (int e = from; e < to; e++) {
            long row = sources.get(JAVA_INT, 4L * e) * rowBytes;
            long end = row + rowBytes;
            long at = row & -LINE;
            for (; at + 4 * LINE <= end; at += 4 * LINE) {
                a = a.lanewise(XOR, line(at));
                b = b.lanewise(XOR, line(at + LINE));
                c = c.lanewise(XOR, line(at + 2 * LINE));
                d = d.lanewise(XOR, line(at + 3 * LINE));
            }
            for (; at < end; at += LINE) {
                a = a.lanewise(XOR, line(at));
            }
        }
        return a.lanewise(XOR, b).lanewise(XOR, c.lanewise(XOR, d)).reduceLanes(XOR);
    }

    /** The line at {@code at}, folded into one vector. */
    private LongVector line(long at) {
        LongVector all = LongVector.fromMemorySegment(LANES, buffer, at, ORDER);
        for (long i = VECTOR; i < LINE; i += VECTOR) {
            all = all.lanewise(XOR, LongVector.fromMemorySegment(LANES, buffer, at + i, ORDER));
        }
        return all;
    }

    @Override
    public void close() {
        memory.close();
    }
}
