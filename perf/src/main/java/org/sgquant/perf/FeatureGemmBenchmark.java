package org.sgquant.perf;

import org.openjdk.jmh.annotations.Param;
import org.sgquant.kernels.Backend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;

/** {@code out = x w} with bag-of-words features x: dense floats at 32 bits, else packed codes. */
public class FeatureGemmBenchmark extends WorkloadBenchmark {

    /** Share of ones, that of Cora's features. */
    private static final double DENSITY = 0.013;

    @Param({"32", "1"})
    public int bits;

    @Param("2708")
    public int nodes;

    @Param("1433")
    public int words;

    @Param("16")
    public int hidden;

    @Override
    Workload workload(Backend backend) {
        return product(backend, bits, nodes, words, hidden);
    }

    @Override
    Workload smallWorkload(Backend backend) {
        return product(backend, bits, 97, 133, 7);
    }

    /** The reference sums float products in double; packed ones follow one order of float32 everywhere. */
    @Override
    float tolerance() {
        return bits == 32 ? 1e-5f : 0;
    }

    private static Workload product(Backend backend, int bits, int nodes, int words, int hidden) {
        Operands operands = new Operands(backend);
        FloatMatrix x = operands.matrix(host -> RandomOperands.binary(host, nodes, words, DENSITY));
        FloatMatrix w = operands.matrix(host -> RandomOperands.normal(host, words, hidden));
        FloatMatrix out = operands.output(nodes, hidden);
        if (bits == 32) {
            return new Step(operands, () -> backend.dense().gemm(x, false, w, false, out), () -> out);
        }
        PackedMatrix codes = operands.packed(x, bits);
        return new Step(operands, () -> backend.packed().gemm(codes, w, out), () -> out);
    }
}
