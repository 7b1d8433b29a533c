package org.sgquant.perf;

import java.util.function.Function;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** Operands in memory of one backend, made on the host first. */
record Operands(Backend backend, Memory memory) implements AutoCloseable {

    Operands(Backend backend) {
        this(backend, backend.newMemory("benchmark"));
    }

    FloatMatrix matrix(Function<HostMemory, FloatMatrix> source) {
        try (HostMemory host = new HostMemory()) {
            return new Transfer(backend, memory).matrix(source.apply(host));
        }
    }

    FloatMatrix output(int rows, int cols) {
        return FloatMatrix.allocate(memory, rows, cols);
    }

    /** Codes of {@code x} at {@code bits}, one scale for all, as yet zero. */
    PackedMatrix codes(FloatMatrix x, int bits) {
        return PackedMatrix.allocate(
                memory, QuantScheme.uniform(memory, "x", x.rows(), x.cols(), BitWidth.of(bits), Granularity.TENSOR));
    }

    /** Takes the range of {@code x} and packs it. */
    void pack(FloatMatrix x, PackedMatrix codes) {
        backend.packed().calibrate(x, codes.scheme(), Calibration.MIN_MAX);
        backend.packed().pack(x, codes);
    }

    PackedMatrix packed(FloatMatrix x, int bits) {
        PackedMatrix codes = codes(x, bits);
        pack(x, codes);
        return codes;
    }

    @Override
    public void close() {
        memory.close();
    }
}
