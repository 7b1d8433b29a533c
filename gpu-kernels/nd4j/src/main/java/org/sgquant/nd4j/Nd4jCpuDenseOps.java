package org.sgquant.nd4j;

import java.util.Map;
import java.util.WeakHashMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.cpu.nativecpu.blas.CpuLevel3;
import org.nd4j.linalg.factory.Nd4j;
import org.sgquant.kernels.DenseOps;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@link DenseOps} by ND4J's sgemm, on arrays that share the memory of the operands.
 *
 * <p>What ND4J offers in public copies every operand whose rows lie apart, as the padded rows of a {@link FloatMatrix}
 * do; the routine below it takes the distance of rows as BLAS does. One thread drives an instance.
 */
final class Nd4jCpuDenseOps extends Nd4jDenseOps {

    private final Sgemm sgemm = new Sgemm();

    /** Making an array takes ND4J longer than a small product, and training multiplies the same matrices each step. */
    private final Map<FloatMatrix, INDArray> arrays = new WeakHashMap<>();

    Nd4jCpuDenseOps(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: got " + threads + ", expected at least 1");
        }
        Nd4j.factory().blas().setMaxThreads(threads);
    }

    @Override
    void multiply(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c, int depth) {
        sgemm.multiply(a, array(a), transposeA, b, array(b), transposeB, c, array(c), depth);
    }

    private INDArray array(FloatMatrix m) {
        return arrays.computeIfAbsent(m, Nd4jArrays::shared);
    }

    /** Opens the routine that ND4J keeps to its own classes. */
    private static final class Sgemm extends CpuLevel3 {

        /** A row-major matrix is its transpose in column-major order, so {@code c' = op(b)' op(a)'} is computed. */
        void multiply(
                FloatMatrix a,
                INDArray arrayA,
                boolean transposeA,
                FloatMatrix b,
                INDArray arrayB,
                boolean transposeB,
                FloatMatrix c,
                INDArray arrayC,
                int depth) {
            sgemm(
                    'f',
                    transposeB ? 'T' : 'N',
                    transposeA ? 'T' : 'N',
                    c.cols(),
                    c.rows(),
                    depth,
                    1,
                    arrayB,
                    b.stride(),
                    arrayA,
                    a.stride(),
                    0,
                    arrayC,
                    c.stride());
        }
    }
}
