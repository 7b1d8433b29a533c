package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.cudaDataType;
import jcuda.jcusparse.JCusparse;
import jcuda.jcusparse.cusparseHandle;
import jcuda.jcusparse.cusparseSpMMAlg;
import jcuda.jcusparse.cusparseStatus;
import jcuda.runtime.cudaStream_t;

/** Products of cuSPARSE over patterns in compressed sparse rows, queued on one stream and recorded in its captures. */
public final class Cusparse extends DeviceResource {

    /** What a product reads; sums and results are float32. */
    public enum Operands {
        FP32(cudaDataType.CUDA_R_32F),
        FP16(cudaDataType.CUDA_R_16F);

        private final int type;

        Operands(int type) {
            this.type = type;
        }

        int type() {
            return type;
        }
    }

    /** How sparse times dense is computed. Source: NVIDIA, cuSPARSE Library, {@code cusparseSpMM}. */
    public enum Algorithm {
        /** For row-major operands; the order of a sum may differ from run to run. */
        ALG2(cusparseSpMMAlg.CUSPARSE_SPMM_CSR_ALG2),
        /** The same bits in every run. */
        ALG3(cusparseSpMMAlg.CUSPARSE_SPMM_CSR_ALG3);

        private final int code;

        Algorithm(int code) {
            this.code = code;
        }

        int code() {
            return code;
        }
    }

    /**
     * A pattern: row i holds columns {@code colIdx[rowPtr[i] .. rowPtr[i + 1])}, int32; at least one entry.
     *
     * @param entries stored entries
     */
    public record Pattern(int rows, int cols, int entries, MemorySegment rowPtr, MemorySegment colIdx) {}

    private final CudaStream stream;
    private final cusparseHandle handle = new cusparseHandle();

    Cusparse(CudaDevice device, CudaStream stream) {
        super(device, "cuSPARSE");
        this.stream = stream;
        CudaLibraries.load(CudaLibrary.CUSPARSE);
        check("cusparseCreate", JCusparse.cusparseCreate(handle), "");
        try {
            check("cusparseSetStream", JCusparse.cusparseSetStream(handle, new cudaStream_t(stream.handle())), "");
        } catch (RuntimeException e) {
            free();
            throw e;
        }
    }

    /**
     * {@code out_i = sum over entries e of row i of values_e * x_col(e)}, run with values, x and out.
     *
     * <p>Shapes: values and x, pattern.cols x width, of {@code operands}; out pattern.rows x width float32; x and out
     * row-major with {@code stride} elements from row to row.
     */
    public CusparsePlan newProduct(Pattern pattern, Operands operands, Algorithm algorithm, int width, int stride) {
        use("Cusparse.newProduct");
        return device().own(new CusparsePlan.Product(this, pattern, operands, algorithm, width, stride));
    }

    /**
     * {@code out_e = sum over f of a_if * b_jf} for every entry e of row i and column j, run with out, a and b.
     *
     * <p>Shapes: out float32, one after the other; a pattern.rows x width, b pattern.cols x width of {@code operands},
     * row-major with {@code stride} elements from row to row.
     */
    public CusparsePlan newSamples(Pattern pattern, Operands operands, int width, int stride) {
        use("Cusparse.newSamples");
        return device().own(new CusparsePlan.Samples(this, pattern, operands, width, stride));
    }

    cusparseHandle handle() {
        return handle;
    }

    CudaStream stream() {
        return stream;
    }

    /** @param what more about the call, with a comma behind it, or nothing */
    void check(String call, int status, String what) {
        if (status != cusparseStatus.CUSPARSE_STATUS_SUCCESS) {
            throw CudaException.ofLibrary(
                    call, status, cusparseStatus.stringFor(status), what + device().label() + stream.context());
        }
    }

    @Override
    void free() {
        check("cusparseDestroy", JCusparse.cusparseDestroy(handle), "");
    }
}
