package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** Edge values of rows [from, to) of a graph, vectors across heads; edges are taken in order. */
final class EdgeLoops {

    private EdgeLoops() {}

    /** {@code out_e = target_i + source_j}. */
    static void scores(CsrGraph graph, FloatMatrix target, FloatMatrix source, FloatMatrix out, int from, int to) {
        MemorySegment rowPtr = graph.rowPtr().data();
        MemorySegment colIdx = graph.colIdx().data();
        long row = Vectors.rowBytes(out);
        for (int i = from; i < to; i++) {
            int end = rowPtr.get(JAVA_INT, 4L * i + 4);
            for (int e = rowPtr.get(JAVA_INT, 4L * i); e < end; e++) {
                long j = colIdx.get(JAVA_INT, 4L * e);
                for (long at = 0; at < row; at += BYTES) {
                    load(target.data(), i * row + at)
                            .add(load(source.data(), j * row + at))
                            .intoMemorySegment(out.data(), e * row + at, ORDER);
                }
            }
        }
    }

    /** {@code out_i = sum of w_e}. */
    static void sum(CsrGraph graph, FloatMatrix w, FloatMatrix out, int from, int to) {
        MemorySegment rowPtr = graph.rowPtr().data();
        long row = Vectors.rowBytes(w);
        for (int i = from; i < to; i++) {
            long begin = rowPtr.get(JAVA_INT, 4L * i) * row;
            long end = rowPtr.get(JAVA_INT, 4L * i + 4) * row;
            for (long at = 0; at < row; at += BYTES) {
                FloatVector sum = FloatVector.zero(FLOATS);
                for (long e = begin + at; e < end; e += row) {
                    sum = sum.add(load(w.data(), e));
                }
                sum.intoMemorySegment(out.data(), i * row + at, ORDER);
            }
        }
    }

    /** {@code out_e = exp(s_e - max) / sum of the same}. */
    static void softmax(CsrGraph graph, FloatMatrix s, FloatMatrix out, int from, int to) {
        MemorySegment rowPtr = graph.rowPtr().data();
        long row = Vectors.rowBytes(s);
        for (int i = from; i < to; i++) {
            long begin = rowPtr.get(JAVA_INT, 4L * i) * row;
            long end = rowPtr.get(JAVA_INT, 4L * i + 4) * row;
            for (long at = 0; at < row; at += BYTES) {
                softmax(s.data(), out.data(), begin + at, end, row);
            }
        }
    }

    private static void softmax(MemorySegment s, MemorySegment out, long begin, long end, long row) {
        FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        for (long e = begin; e < end; e += row) {
            max = max.max(load(s, e));
        }
        FloatVector sum = FloatVector.zero(FLOATS);
        for (long e = begin; e < end; e += row) {
            FloatVector t = ExpLanes.exp(load(s, e).sub(max));
            t.intoMemorySegment(out, e, ORDER);
            sum = sum.add(t);
        }
        for (long e = begin; e < end; e += row) {
            load(out, e).div(sum).intoMemorySegment(out, e, ORDER);
        }
    }

    /** {@code gradS_e = y_e (gradY_e - sum of y_d gradY_d)}. */
    static void softmaxBackward(CsrGraph graph, FloatMatrix y, FloatMatrix gradY, FloatMatrix gradS, int from, int to) {
        MemorySegment rowPtr = graph.rowPtr().data();
        long row = Vectors.rowBytes(y);
        for (int i = from; i < to; i++) {
            long begin = rowPtr.get(JAVA_INT, 4L * i) * row;
            long end = rowPtr.get(JAVA_INT, 4L * i + 4) * row;
            for (long at = 0; at < row; at += BYTES) {
                FloatVector dot = FloatVector.zero(FLOATS);
                for (long e = begin + at; e < end; e += row) {
                    dot = load(y.data(), e).fma(load(gradY.data(), e), dot);
                }
                for (long e = begin + at; e < end; e += row) {
                    load(y.data(), e).mul(load(gradY.data(), e).sub(dot)).intoMemorySegment(gradS.data(), e, ORDER);
                }
            }
        }
    }

    private static FloatVector load(MemorySegment x, long at) {
        return FloatVector.fromMemorySegment(FLOATS, x, at, ORDER);
    }
}
