package org.sgquant.perf.peer;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import org.sgquant.cuda.BundledLibrary;
import org.sgquant.tensor.FloatMatrix;

/** {@code out = a b} by {@code cblas_sgemm} of any BLAS with 32-bit integers. */
public final class Cblas {

    private static final int ROW_MAJOR = 101;
    private static final int NOT_TRANSPOSED = 111;

    private final MethodHandle sgemm;

    public Cblas(BundledLibrary library) {
        sgemm = library.function(
                "cblas_sgemm",
                FunctionDescriptor.ofVoid(
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_FLOAT,
                        ADDRESS,
                        JAVA_INT,
                        ADDRESS,
                        JAVA_INT,
                        JAVA_FLOAT,
                        ADDRESS,
                        JAVA_INT));
    }

    /** Shapes: a m x k, b k x n, out m x n. */
    public void gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        b.requireShape(a.cols(), b.cols(), "gemm: b");
        out.requireShape(a.rows(), b.cols(), "gemm: out");
        try {
            sgemm.invokeExact(
                    ROW_MAJOR,
                    NOT_TRANSPOSED,
                    NOT_TRANSPOSED,
                    a.rows(),
                    b.cols(),
                    a.cols(),
                    1f,
                    a.data(),
                    a.stride(),
                    b.data(),
                    b.stride(),
                    0f,
                    out.data(),
                    out.stride());
        } catch (Throwable e) {
            throw new IllegalStateException("calling cblas_sgemm failed", e);
        }
    }
}
