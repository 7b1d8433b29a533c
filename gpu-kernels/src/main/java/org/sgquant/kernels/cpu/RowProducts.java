package org.sgquant.kernels.cpu;

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

    private final MemorySegment w;
    private final long wStride;
    private final FloatMatrix out;

    RowProducts(FloatMatrix w, FloatMatrix out) {
        this.w = w.data();
        this.wStride = 4L * w.stride();
        this.out = out;
    }

    /** Row {@code i} from {@code n} values and the rows of w they belong to. */
    void sparse(int i, int[] k, float[] left, int n) {
        int c = 0;
        for (; c + 3 * Lanes.FLOATS < out.cols(); c += 4 * Lanes.FLOATS) {
            sparse4(i, k, left, n, c);
        }
        for (; c < out.cols(); c += Lanes.FLOATS) {
            sparse1(i, k, left, n, c);
        }
    }

    private void sparse1(int i, int[] k, float[] left, int n, int c) {
        FloatVector acc = FloatVector.zero(Lanes.FLOAT);
        for (int j = 0; j < n; j++) {
            acc = w(k[j], c).fma(broadcast(left[j]), acc);
        }
        store(acc, i, c);
    }

    private void sparse4(int i, int[] k, float[] left, int n, int c) {
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
        store(a, i, c);
        store(b, i, c + Lanes.FLOATS);
        store(d, i, c + 2 * Lanes.FLOATS);
        store(e, i, c + 3 * Lanes.FLOATS);
    }

    /** Rows i to i + 3 from {@code n} values each, value k belonging to row k of w. */
    void dense4(int i, float[][] left, int n) {
        for (int c = 0; c < out.cols(); c += Lanes.FLOATS) {
            dense4(i, left[0], left[1], left[2], left[3], n, c);
        }
    }

    private void dense4(int i, float[] l0, float[] l1, float[] l2, float[] l3, int n, int c) {
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
        store(a0, i, c);
        store(a1, i + 1, c);
        store(a2, i + 2, c);
        store(a3, i + 3, c);
    }

    /** Row {@code i} from {@code n} values, value k belonging to row k of w. */
    void dense1(int i, float[] left, int n) {
        for (int c = 0; c < out.cols(); c += Lanes.FLOATS) {
            FloatVector acc = FloatVector.zero(Lanes.FLOAT);
            for (int k = 0; k < n; k++) {
                acc = w(k, c).fma(broadcast(left[k]), acc);
            }
            store(acc, i, c);
        }
    }

    private FloatVector w(int k, int c) {
        return FloatVector.fromMemorySegment(Lanes.FLOAT, w, k * wStride + 4L * c, ORDER);
    }

    private static FloatVector broadcast(float v) {
        return FloatVector.broadcast(Lanes.FLOAT, v);
    }

    private void store(FloatVector v, int i, int c) {
        v.intoMemorySegment(out.data(), out.rowOffset(i) + 4L * c, ORDER);
    }
}
