package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.sgquant.cuda.Handles.DevicePointer;

/**
 * Dense products of cuBLAS, queued on one stream and recorded where it is being captured.
 *
 * <p>Its workspace is allocated once, so that a product allocates nothing and, run again on one stream, gives the same
 * bits. Source: NVIDIA, cuBLAS Library, "Results Reproducibility" and {@code cublasSetWorkspace}.
 */
public final class Cublas extends DeviceResource {

    /** What a product reads; sums and results are float32. */
    public enum Operands {
        /** float32. */
        FP32(cudaDataType.CUDA_R_32F, cublasMath.CUBLAS_DEFAULT_MATH),
        /** float32 of which tensor cores read 10 bits of fraction. */
        TF32(cudaDataType.CUDA_R_32F, cublasMath.CUBLAS_TF32_TENSOR_OP_MATH),
        /** IEEE half precision. */
        FP16(cudaDataType.CUDA_R_16F, cublasMath.CUBLAS_DEFAULT_MATH),
        /** The upper half of a float32. */
        BF16(cudaDataType.CUDA_R_16BF, cublasMath.CUBLAS_DEFAULT_MATH);

        private final int type;
        private final int math;

        Operands(int type, int math) {
            this.type = type;
            this.math = math;
        }
    }

    /**
     * A row-major operand of a product.
     *
     * @param stride elements from one row to the next
     */
    public record Operand(MemorySegment data, int stride, boolean transposed) {
        private int operation() {
            return transposed ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N;
        }
    }

    private static final String CALL = "cublasGemmEx";
    private static final int HOPPER = 90;
    private static final int CONSUMER_BLACKWELL = 120;
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private final CudaStream stream;
    private final cublasHandle handle = new cublasHandle();
    private final DeviceMemory workspace;
    private int math = cublasMath.CUBLAS_DEFAULT_MATH;

    Cublas(CudaDevice device, CudaStream stream) {
        super(device, "cuBLAS");
        this.stream = stream;
        CudaLibraries.load(CudaLibrary.CUBLAS);
        check("cublasCreate", JCublas2.cublasCreate(handle), "");
        workspace = device.newMemory("cuBLAS workspace");
        try {
            long bytes = workspaceBytes(device.computeCapability());
            DevicePointer memory = new DevicePointer(workspace.allocate(bytes));
            // The stream first: setting it takes the workspace away.
            check("cublasSetStream", JCublas2.cublasSetStream(handle, new cudaStream_t(stream.handle())), "");
            check("cublasSetWorkspace", JCublas2.cublasSetWorkspace(handle, memory, bytes), "");
        } catch (RuntimeException e) {
            free();
            throw e;
        }
    }

    /** The size that NVIDIA recommends for a device: 32 MiB on sm_90 and sm_10x, else 4 MiB. */
    static long workspaceBytes(int computeCapability) {
        boolean large = computeCapability >= HOPPER && computeCapability < CONSUMER_BLACKWELL;
        return (large ? 32L : 4L) << 20;
    }

    /**
     * {@code c = op(a) op(b)}, op being the transpose where the operand says so.
     *
     * <p>Shapes: op(a) m x k, op(b) k x n, c m x n float32 of {@code stride} elements from row to row, each at least 1.
     *
     * <p>Run a product once before it is captured: cuBLAS loads a kernel at its first use, which a capture may refuse.
     *
     * @throws CudaException if cuBLAS refuses the product
     */
    public void gemm(Operands operands, Operand a, Operand b, MemorySegment c, int stride, int m, int n, int k) {
        use("Cublas.gemm");
        stream.queueFor(device(), "Cublas.gemm");
        if (operands.math != math) {
            check("cublasSetMathMode", JCublas2.cublasSetMathMode(handle, operands.math), "");
            math = operands.math;
        }
        // cuBLAS takes columns for rows: it is asked for the transpose of c, the product of the transposes swapped.
        int status = JCublas2.cublasGemmEx(
                handle,
                b.operation(),
                a.operation(),
                n,
                m,
                k,
                ONE,
                new DevicePointer(b.data()),
                operands.type,
                b.stride(),
                new DevicePointer(a.data()),
                operands.type,
                a.stride(),
                ZERO,
                new DevicePointer(c),
                cudaDataType.CUDA_R_32F,
                stride,
                // JCuda 12.6 takes the type of sums here, and turns it and the math mode into a compute type.
                cudaDataType.CUDA_R_32F,
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        check(CALL, status, m + "x" + k + " by " + k + "x" + n + " of " + operands + ", ");
        CudaCounters.launchesOf(CALL).increment();
        stream.launched(CALL);
    }

    private void check(String call, int status, String what) {
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw CudaException.ofLibrary(
                    call, status, cublasStatus.stringFor(status), what + device().label() + stream.context());
        }
    }

    @Override
    void free() {
        // What is queued may still use the workspace.
        try (workspace) {
            check("cublasDestroy", JCublas2.cublasDestroy(handle), "");
        }
    }
}
