package org.sgquant.perf;

import org.openjdk.jmh.annotations.Param;
import org.sgquant.kernels.Backend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;

/** Range of {@code x} by its extremes, then its codes, stored. */
public class PackBenchmark extends WorkloadBenchmark {

    @Param({"8", "4", "2", "1"})
    public int bits;

    @Param("20000")
    public int nodes;

    @Param("128")
    public int features;

    @Override
    Workload workload(Backend backend) {
        return packing(backend, bits, nodes, features);
    }

    @Override
    Workload smallWorkload(Backend backend) {
        return packing(backend, bits, 97, 33);
    }

    private static Workload packing(Backend backend, int bits, int nodes, int features) {
        Operands operands = new Operands(backend);
        FloatMatrix x = operands.matrix(host -> RandomOperands.normal(host, nodes, features));
        PackedMatrix codes = operands.codes(x, bits);
        FloatMatrix out = operands.output(nodes, features);
        return new Step(operands, () -> operands.pack(x, codes), () -> {
            backend.packed().unpack(codes, out);
            return out;
        });
    }
}
