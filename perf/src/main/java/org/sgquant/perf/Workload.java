package org.sgquant.perf;

import java.util.function.Function;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.FloatMatrix;

/** One operation over operands of its own, on one backend. */
interface Workload extends AutoCloseable {

    /** Runs the operation once; this is what is timed. */
    void run();

    /** What the last run computed, as floats. */
    FloatMatrix result();

    @Override
    void close();

    /** Backend that is measured: every core of this machine. */
    static Backend measured() {
        return new CpuBackend(Runtime.getRuntime().availableProcessors());
    }

    /**
     * Runs a small instance on the measured backend and on the reference and compares every value.
     *
     * @param tolerance largest difference relative to {@code 1 + |expected|}; 0 for the same bits
     * @throws IllegalStateException at the first value that differs: a wrong kernel is not worth timing
     */
    static void requireSameAsReference(Function<Backend, Workload> small, float tolerance) {
        try (Backend backend = measured();
                Backend oracle = new ReferenceBackend();
                Workload actual = small.apply(backend);
                Workload expected = small.apply(oracle)) {
            actual.run();
            expected.run();
            FloatMatrix a = actual.result();
            FloatMatrix e = expected.result();
            a.requireShape(e.rows(), e.cols(), "result of the measured backend");
            for (int r = 0; r < e.rows(); r++) {
                for (int c = 0; c < e.cols(); c++) {
                    float difference = Math.abs(a.get(r, c) - e.get(r, c));
                    // Negated, so that NaN is refused.
                    if (!(difference <= tolerance * (1 + Math.abs(e.get(r, c))))) {
                        throw new IllegalStateException(backend.description() + ": got " + a.get(r, c) + " at (" + r
                                + ", " + c + "), expected " + e.get(r, c));
                    }
                }
            }
        }
    }
}
