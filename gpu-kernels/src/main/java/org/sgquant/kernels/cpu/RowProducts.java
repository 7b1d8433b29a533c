package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@code out_i = sum over k of left_k * w_k}: one chain {@code acc = fma(left, w, acc)} per output, k ascending, the
 * outputs of a row side by side in vector lanes.
 */
final class RowProducts {

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** Rows that {@link #dense} multiplies together. */
    static final int DENSE_ROWS = 4;

    private final MemorySegment w;
    private final long wStride;

    RowProducts(FloatMatrix w) {
        this.w = w.data();
        this.wStride = 4L * w.stride();
    }

    /** Row {@code i} of {@code out} from {@code n} values and the rows of w they belong to. */
    void sparse(FloatMatrix out, int i, int[] k, float[] left, int n) {
        int c = 0;
        for (; c + 3 * Lanes.FLOATS < out.cols(); c += 4 * Lanes.FLOATS) {
            sparse4(out, i, k, left, n, c);
        }
        for (; c < out.cols(); c += Lanes.FLOATS) {
            sparse1(out, i, k, left, n, c);
        }
    }

    private void sparse1(FloatMatrix out, int i, int[] k, float[] left, int n, int c) {
        FloatVector acc = FloatVector.zero(Lanes.FLOAT);
        for (int j = 0; j < n; j++) {
            acc = w(k[j], c).fma(broadcast(left[j]), acc);
        }
        store(acc, out, i, c);
    }

    private void sparse4(FloatMatrix out, int i, int[] k, float[] left, int n, int c) {
        FloatVector a = FloatVector.zero(Lanes.FLOAT);
        FloatVector b = a;
        FloatVector d = a;
        FloatVector e = a;
        for (int j = 0; j < n; j++) {
            FloatVector x = broadcast(left[j]);
            a = w(k[j], c).fma(x, a);
            b = w(k[j], c + Lanes.FLOATS).fma(x, b);
            d = w(k[j], c + 2 * Lanes.FLOATS).fma(x, d);
            e = w(k[j], c + 3 * Lanes.FLOATS).fma(x, e);
        }
        store(a, out, i, c);
        store(b, out, i, c + Lanes.FLOATS);
        store(d, out, i, c + 2 * Lanes.FLOATS);
        store(e, out, i, c + 3 * Lanes.FLOATS);
    }

    /** {@code out = left w}, four rows at a time by way of {@code rows}. */
    void dense(FloatMatrix out, FloatMatrix left, float[][] rows) {
        int depth = left.cols();
        for (int i = 0; i < out.rows(); i += rows.length) {
            int n = Math.min(rows.length, out.rows() - i);
            for (int t = 0; t < n; t++) {
                MemorySegment.copy(left.data(), JAVA_FLOAT, left.rowOffset(i + t), rows[t], 0, depth);
            }
            if (n == DENSE_ROWS) {
                dense4(out, i, rows, depth);
            } else {
                for (int t = 0; t < n; t++) {
                    dense1(out, i + t, rows[t], depth);
                }
            }
        }
    }

    /** Rows i to i + 3 of {@code out} from {@code n} values each, value k belonging to row k of w. */
    private void dense4(FloatMatrix out, int i, float[][] left, int n) {
        for (int c = 0; c < out.cols(); c += Lanes.FLOATS) {
            dense4(out, i, left[0], left[1], left[2], left[3], n, c);
        }
    }

    private void dense4(FloatMatrix out, int i, float[] l0, float[] l1, float[] l2, float[] l3, int n, int c) {
        FloatVector a0 = FloatVector.zero(Lanes.FLOAT);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int k = 0; k < n; k++) {
            FloatVector row = w(k, c);
            a0 = row.fma(broadcast(l0[k]), a0);
            a1 = row.fma(broadcast(l1[k]), a1);
            a2 = row.fma(broadcast(l2[k]), a2);
            a3 = row.fma(broadcast(l3[k]), a3);
        }
        store(a0, out, i, c);
        store(a1, out, i + 1, c);
        store(a2, out, i + 2, c);
        store(a3, out, i + 3, c);
    }

    /** Row {@code i} of {@code out} from {@code n} values, value k belonging to row k of w. */
    private void dense1(FloatMatrix out, int i, float[] left, int n) {
        for (int c = 0; c < out.cols(); c += Lanes.FLOATS) {
            FloatVector acc = FloatVector.zero(Lanes.FLOAT);
            for (int k = 0; k < n; k++) {
                acc = w(k, c).fma(broadcast(left[k]), acc);
            }
            store(acc, out, i, c);
        }
    }

    private FloatVector w(int k, int c) {
        return FloatVector.fromMemorySegment(Lanes.FLOAT, w, k * wStride + 4L * c, ORDER);
    }

    private static FloatVector broadcast(float v) {
        return FloatVector.broadcast(Lanes.FLOAT, v);
    }

    private static void store(FloatVector v, FloatMatrix out, int i, int c) {
        v.intoMemorySegment(out.data(), out.rowOffset(i) + 4L * c, ORDER);
    }
}
