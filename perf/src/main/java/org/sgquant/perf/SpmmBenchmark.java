package org.sgquant.perf;

import org.openjdk.jmh.annotations.Param;
import org.sgquant.kernels.Backend;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;

/** {@code out = A x}, unweighted: float rows at 32 bits, packed codes summed as integers below. */
public class SpmmBenchmark extends WorkloadBenchmark {

    @Param({"32", "8", "4", "2", "1"})
    public int bits;

    @Param("20000")
    public int nodes;

    @Param("16")
    public int degree;

    @Param("128")
    public int features;

    @Override
    Workload workload(Backend backend) {
        return aggregation(backend, bits, nodes, degree, features);
    }

    @Override
    Workload smallWorkload(Backend backend) {
        return aggregation(backend, bits, 97, 5, 33);
    }

    /** The reference sums floats in double; integer sums have the same bits everywhere. */
    @Override
    float tolerance() {
        return bits == 32 ? 1e-5f : 0;
    }

    private static Workload aggregation(Backend backend, int bits, int nodes, int degree, int features) {
        Operands operands = new Operands(backend);
        CsrGraph graph = operands.graph(nodes, degree);
        FloatMatrix x = operands.matrix(host -> RandomOperands.normal(host, nodes, features));
        FloatMatrix out = operands.output(nodes, features);
        if (bits == 32) {
            return new Step(operands, () -> backend.sparse().spmm(graph, null, x, out), () -> out);
        }
        PackedMatrix codes = operands.packed(x, bits);
        return new Step(operands, () -> backend.packed().spmm(graph, codes, out), () -> out);
    }
}
