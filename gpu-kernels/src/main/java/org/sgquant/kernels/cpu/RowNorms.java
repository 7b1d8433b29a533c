package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.sgquant.kernels.cpu.Vectors.BYTES;
import static org.sgquant.kernels.cpu.Vectors.FLOATS;
import static org.sgquant.kernels.cpu.Vectors.ORDER;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sgquant.tensor.FloatMatrix;

/** L2 normalisation of rows: chains of one fma per column, as all backends have them, then vectors. */
final class RowNorms {

    private RowNorms() {}

    /** {@code x_i / |x_i|} for rows [from, to). */
    static void normalize(FloatMatrix x, FloatMatrix out, int from, int to) {
        MemorySegment source = x.data();
        MemorySegment target = out.data();
        for (int i = from; i < to; i++) {
            float norm = norm(source, x.rowOffset(i), x.cols());
            for (long at = x.rowOffset(i); at < x.rowOffset(i + 1); at += BYTES) {
                FloatVector y = FloatVector.zero(FLOATS);
                if (norm != 0) {
                    y = FloatVector.fromMemorySegment(FLOATS, source, at, ORDER).div(norm);
                }
                y.intoMemorySegment(target, at, ORDER);
            }
        }
    }

    /** {@code (gradY_i - y_i (y_i . gradY_i)) / |x_i|} for rows [from, to). */
    static void backward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX, int from, int to) {
        for (int i = from; i < to; i++) {
            long row = x.rowOffset(i);
            float norm = norm(x.data(), row, x.cols());
            float minusDot = -dot(x.data(), gradY.data(), row, x.cols(), norm);
            for (long at = row; at < x.rowOffset(i + 1); at += BYTES) {
                FloatVector g = FloatVector.zero(FLOATS);
                if (norm != 0) {
                    g = FloatVector.fromMemorySegment(FLOATS, x.data(), at, ORDER)
                            .div(norm)
                            .fma(
                                    FloatVector.broadcast(FLOATS, minusDot),
                                    FloatVector.fromMemorySegment(FLOATS, gradY.data(), at, ORDER))
                            .div(norm);
                }
                g.intoMemorySegment(gradX.data(), at, ORDER);
            }
        }
    }

    private static float norm(MemorySegment x, long row, int cols) {
        float sum = 0;
        for (long c = 0; c < cols; c++) {
            float v = x.get(JAVA_FLOAT, row + 4 * c);
            sum = Math.fma(v, v, sum);
        }
        return (float) Math.sqrt(sum);
    }

    private static float dot(MemorySegment x, MemorySegment g, long row, int cols, float norm) {
        float sum = 0;
        for (long c = 0; c < cols; c++) {
            sum = Math.fma(x.get(JAVA_FLOAT, row + 4 * c) / norm, g.get(JAVA_FLOAT, row + 4 * c), sum);
        }
        return sum;
    }
}
