package org.sgquant.perf.mkl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.sgquant.cuda.BundledLibrary;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.Cblas;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** The functions of Intel oneMKL that its peer calls, with 32-bit integers and Intel's threads. */
final class Mkl {

    private static final String FOLDER = "org/bytedeco/mkl/linux-x86_64";

    /** Which kernels MKL takes is its own choice: it finds the others beside libmkl_rt. */
    private static final List<String> FILES = List.of(
            "libmkl_def.so.2",
            "libmkl_mc3.so.2",
            "libmkl_avx2.so.2",
            "libmkl_avx512.so.2",
            "libmkl_vml_def.so.2",
            "libmkl_vml_mc3.so.2",
            "libmkl_vml_avx2.so.2",
            "libmkl_vml_avx512.so.2",
            "libmkl_intel_lp64.so.2",
            "libmkl_intel_thread.so.2",
            "libmkl_core.so.2",
            "libiomp5.so",
            "libmkl_rt.so.2");

    private static final int NOT_TRANSPOSED = 10;
    private static final int GENERAL = 20;
    private static final int ROW_MAJOR = 101;

    /** Runs for which an optimization is announced to pay off. */
    private static final int MANY_CALLS = 1000;

    private static final int INTEL_THREADS = 0;

    /** Milliseconds that threads spin for more work, 200 by default: they would take a core from who is timed next. */
    private static final int BLOCK_TIME = 1;

    /** {@code matrix_descr}: type, and two fields that triangular matrices alone use. */
    private static final StructLayout DESCRIPTION = MemoryLayout.structLayout(JAVA_INT, JAVA_INT, JAVA_INT);

    private static final MemorySegment GENERAL_MATRIX = Arena.global().allocateFrom(JAVA_INT, GENERAL, 0, 0);

    private static Mkl loaded;

    private final Cblas cblas;
    private final MethodHandle create;
    private final MethodHandle hint;
    private final MethodHandle optimize;
    private final MethodHandle multiply;
    private final MethodHandle destroy;
    private final MethodHandle setThreads;
    private int threadsSet;
    private final MethodHandle setDynamic;
    private final MethodHandle version;
    private final MethodHandle setThreadingLayer;
    private final MethodHandle setBlockTime;

    private Mkl(BundledLibrary library) {
        cblas = new Cblas(library);
        create = library.function(
                "mkl_sparse_s_create_csr",
                FunctionDescriptor.of(
                        JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        hint = library.function(
                "mkl_sparse_set_mm_hint",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, DESCRIPTION, JAVA_INT, JAVA_INT, JAVA_INT));
        optimize = library.function("mkl_sparse_optimize", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        multiply = library.function(
                "mkl_sparse_s_mm",
                FunctionDescriptor.of(
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_FLOAT,
                        ADDRESS,
                        DESCRIPTION,
                        JAVA_INT,
                        ADDRESS,
                        JAVA_INT,
                        JAVA_INT,
                        JAVA_FLOAT,
                        ADDRESS,
                        JAVA_INT));
        destroy = library.function("mkl_sparse_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        setThreads = library.function("MKL_Set_Num_Threads", FunctionDescriptor.ofVoid(JAVA_INT));
        setDynamic = library.function("MKL_Set_Dynamic", FunctionDescriptor.ofVoid(JAVA_INT));
        version = library.function("MKL_Get_Version_String", FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT));
        setThreadingLayer = library.function("MKL_Set_Threading_Layer", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
        setBlockTime = library.function("kmp_set_blocktime", FunctionDescriptor.ofVoid(JAVA_INT));
    }

    /** The library, loaded at the first call. */
    static synchronized Mkl get() {
        if (loaded == null) {
            try {
                loaded = new Mkl(BundledLibrary.load(FOLDER, FILES, 2, first -> new Mkl(first).loadKernels()));
            } catch (BundledLibrary.UnusableException e) {
                throw new DeviceUnavailableException("mkl: " + e.getMessage(), e);
            }
        }
        return loaded;
    }

    /** A first product of either kind: MKL opens the libraries of its layers and kernels when it needs them. */
    private void loadKernels() {
        int layer = (int) call(setThreadingLayer, INTEL_THREADS);
        if (layer != INTEL_THREADS) {
            throw new IllegalStateException("MKL_Set_Threading_Layer: got " + layer + ", expected " + INTEL_THREADS);
        }
        // As many threads as are asked for, not as many as MKL finds useful.
        call(setDynamic, 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(FloatMatrix.bytes(1, 1), 64);
            FloatMatrix one = FloatMatrix.view(memory, 1, 1);
            cblas.gemm(one, one, FloatMatrix.view(arena.allocate(FloatMatrix.bytes(1, 1), 64), 1, 1));
            MemorySegment ends = arena.allocateFrom(JAVA_INT, 0, 1);
            MemorySegment column = arena.allocateFrom(JAVA_INT, 0);
            MemorySegment matrix = create(1, 1, ends, column, memory);
            hint(matrix, 1);
            multiply(matrix, one, FloatMatrix.view(arena.allocate(FloatMatrix.bytes(1, 1), 64), 1, 1));
            destroy(matrix);
        }
    }

    /** {@code Intel(R) oneAPI Math Kernel Library Version 2025.2-Product ...}. */
    String version() {
        int size = 200;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(size);
            call(version, text, size);
            return text.getString(0).strip();
        }
    }

    /** For all that follows in this process; costs nothing where they are set already, as this is timed. */
    void setThreads(int threads) {
        if (threads == threadsSet) {
            return;
        }
        try {
            setThreads.invokeExact(threads);
            setBlockTime.invokeExact(BLOCK_TIME);
        } catch (Throwable e) {
            throw new IllegalStateException("calling MKL_Set_Num_Threads or kmp_set_blocktime failed", e);
        }
        threadsSet = threads;
    }

    void gemm(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        cblas.gemm(a, b, out);
    }

    /** A handle on a CSR matrix; {@code values} has a float for every stored entry, and all are read in place. */
    MemorySegment create(CsrGraph graph, MemorySegment values) {
        return create(
                graph.numRows(),
                graph.numCols(),
                graph.rowPtr().data(),
                graph.colIdx().data(),
                values);
    }

    private MemorySegment create(int rows, int cols, MemorySegment rowPtr, MemorySegment colIdx, MemorySegment values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = arena.allocate(ADDRESS);
            MemorySegment ends = rowPtr.asSlice(ValueLayout.JAVA_INT.byteSize());
            check("mkl_sparse_s_create_csr", call(create, handle, 0, rows, cols, rowPtr, ends, colIdx, values));
            return handle.get(ADDRESS, 0);
        }
    }

    /** Announces many products with matrices of {@code cols} columns and lets MKL inspect the matrix for them. */
    void hint(MemorySegment matrix, int cols) {
        check(
                "mkl_sparse_set_mm_hint",
                call(hint, matrix, NOT_TRANSPOSED, GENERAL_MATRIX, ROW_MAJOR, cols, MANY_CALLS));
        check("mkl_sparse_optimize", call(optimize, matrix));
    }

    /** {@code out = matrix x}. */
    void multiply(MemorySegment matrix, FloatMatrix x, FloatMatrix out) {
        int status;
        try {
            status = (int) multiply.invokeExact(
                    NOT_TRANSPOSED,
                    1f,
                    matrix,
                    GENERAL_MATRIX,
                    ROW_MAJOR,
                    x.data(),
                    x.cols(),
                    x.stride(),
                    0f,
                    out.data(),
                    out.stride());
        } catch (Throwable e) {
            throw new IllegalStateException("calling mkl_sparse_s_mm failed", e);
        }
        check("mkl_sparse_s_mm", status);
    }

    void destroy(MemorySegment matrix) {
        check("mkl_sparse_destroy", call(destroy, matrix));
    }

    private static void check(String function, Object status) {
        if (!status.equals(0)) {
            throw new IllegalStateException(function + ": status " + status);
        }
    }

    private static Object call(MethodHandle function, Object... arguments) {
        try {
            return function.invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException("calling a function of MKL failed", e);
        }
    }
}
