package org.sgquant.nd4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sgquant.kernels.DenseOps;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.ShapeException;

/** {@link DenseOps} by ND4J's product on copies of the operands: what nd4j-cuda needs, whose arrays live on the GPU. */
final class Nd4jCopyingDenseOps extends Nd4jDenseOps {

    @Override
    void multiply(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c, int depth) {
        try (INDArray left = copy(a);
                INDArray right = copy(b);
                INDArray product = Nd4j.gemm(left, right, transposeA, transposeB)) {
            float[][] values = product.toFloatMatrix();
            for (int r = 0; r < c.rows(); r++) {
                c.setRow(r, values[r]);
            }
        }
    }

    private static INDArray copy(FloatMatrix m) {
        long size = (long) m.rows() * m.cols();
        if (size > Integer.MAX_VALUE) {
            throw new ShapeException(
                    "gemm by nd4j: " + m + " is too large to copy, at most " + Integer.MAX_VALUE + " values");
        }
        float[] values = new float[(int) size];
        for (int r = 0; r < m.rows(); r++) {
            MemorySegment.copy(m.data(), ValueLayout.JAVA_FLOAT, m.rowOffset(r), values, r * m.cols(), m.cols());
        }
        return Nd4j.create(values, new long[] {m.rows(), m.cols()}, 'c');
    }
}
