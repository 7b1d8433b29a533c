package org.sgquant.doctor;

import java.util.Arrays;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** A small product computed where it is to be tried out, and by the reference. */
final class BackendTrial {

    private static final int ROWS = 33;
    private static final int INNER = 37;
    private static final int COLS = 7;
    private static final float LEAST = -1;
    private static final float MOST = 1;

    /** Relative to the values, which are about 1; a product that is wrong is off by far more. */
    private static final float DENSE_TOLERANCE = 1e-4f;

    private BackendTrial() {}

    /** Whether {@code backend} packs at 4 bits and multiplies to the bits of the reference. */
    static boolean packedProductIsExact(Backend backend) {
        try (Backend reference = new ReferenceBackend()) {
            return Arrays.deepEquals(packedProduct(backend), packedProduct(reference));
        }
    }

    private static float[][] packedProduct(Backend backend) {
        try (HostMemory host = new HostMemory();
                Memory memory = backend.newMemory("trial")) {
            Transfer transfer = new Transfer(backend, memory);
            QuantScheme scheme = QuantScheme.uniform(host, "trial", ROWS, INNER, BitWidth.of(4), Granularity.TENSOR);
            scheme.blocks()
                    .get(0)
                    .params()
                    .setRange(0, LEAST, MOST, BitWidth.of(4).maxCode());
            PackedMatrix packed = PackedMatrix.allocate(memory, transfer.scheme(scheme));
            FloatMatrix product = FloatMatrix.allocate(memory, ROWS, COLS);
            backend.packed().pack(transfer.matrix(values(host, ROWS, INNER, 1)), packed);
            backend.packed().gemm(packed, transfer.matrix(values(host, INNER, COLS, 2)), product);
            return Transfer.download(backend, product);
        }
    }

    /** Whether {@code library} multiplies two matrices in the memory of this process as the reference does. */
    static boolean denseProductAgrees(DenseOps library) {
        try (HostMemory host = new HostMemory();
                Backend reference = new ReferenceBackend()) {
            FloatMatrix a = values(host, ROWS, INNER, 1);
            FloatMatrix b = values(host, INNER, COLS, 2);
            FloatMatrix got = FloatMatrix.allocate(host, ROWS, COLS);
            FloatMatrix expected = FloatMatrix.allocate(host, ROWS, COLS);
            library.gemm(a, false, b, false, got);
            reference.dense().gemm(a, false, b, false, expected);
            for (int r = 0; r < ROWS; r++) {
                for (int c = 0; c < COLS; c++) {
                    // Negated, so that NaN is found out too.
                    if (!(Math.abs(got.get(r, c) - expected.get(r, c)) <= DENSE_TOLERANCE)) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    /** Values over the range and a little beyond, no two rows alike. */
    private static FloatMatrix values(Memory memory, int rows, int cols, int step) {
        FloatMatrix matrix = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                matrix.set(r, c, (float) (1.1 * Math.sin(step * (1 + r * cols + c))));
            }
        }
        return matrix;
    }
}
