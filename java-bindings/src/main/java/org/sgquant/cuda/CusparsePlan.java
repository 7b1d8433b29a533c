package org.sgquant.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.jcusparse.JCusparse;
import jcuda.jcusparse.cusparseConstDnMatDescr;
import jcuda.jcusparse.cusparseConstSpMatDescr;
import jcuda.jcusparse.cusparseDnMatDescr;
import jcuda.jcusparse.cusparseIndexBase;
import jcuda.jcusparse.cusparseIndexType;
import jcuda.jcusparse.cusparseOperation;
import jcuda.jcusparse.cusparseOrder;
import jcuda.jcusparse.cusparseSDDMMAlg;
import jcuda.jcusparse.cusparseSpMatDescr;
import org.sgquant.cuda.Cusparse.Algorithm;
import org.sgquant.cuda.Cusparse.Operands;
import org.sgquant.cuda.Cusparse.Pattern;
import org.sgquant.cuda.Handles.DevicePointer;

/**
 * A product over one pattern: descriptors and what cuSPARSE has found out about the pattern, made at the first run and
 * kept. The pattern's memory must stay open meanwhile.
 */
public abstract sealed class CusparsePlan extends DeviceResource {

    private static final int ROW_ORDER = cusparseOrder.CUSPARSE_ORDER_ROW;
    private static final int PLAIN = cusparseOperation.CUSPARSE_OPERATION_NON_TRANSPOSE;
    private static final int TRANSPOSED = cusparseOperation.CUSPARSE_OPERATION_TRANSPOSE;
    private static final int FLOAT = cudaDataType.CUDA_R_32F;
    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    /** Shape and type of a row-major operand. */
    private record Shape(int rows, int cols, int stride, int type) {}

    private final Cusparse library;
    private final Pattern pattern;
    private final int valueType;
    private final Shape firstShape;
    private final Shape secondShape;
    private final DeviceMemory memory;
    private cusparseSpMatDescr sparse;
    private cusparseDnMatDescr first;
    private cusparseDnMatDescr second;
    /** What cuSPARSE works in, null until it was allocated. */
    private MemorySegment buffer;
    /** Whether a run has prepared descriptors and buffer. */
    private boolean prepared;

    private CusparsePlan(Cusparse library, Pattern pattern, int valueType, Shape firstShape, Shape secondShape) {
        super(library.device(), "cuSPARSE plan");
        this.library = library;
        this.pattern = pattern;
        this.valueType = valueType;
        this.firstShape = firstShape;
        this.secondShape = secondShape;
        this.memory = library.device().newMemory("cuSPARSE");
    }

    /**
     * Queues the product on operands of the shapes it was made for.
     *
     * @throws CudaException if cuSPARSE refuses it
     * @throws IllegalStateException if this is the first run and the stream is being captured: preparing allocates
     */
    public void run(MemorySegment values, MemorySegment one, MemorySegment other) {
        use("CusparsePlan.run");
        if (!prepared) {
            library.stream().refuseInCapture("the first run of a cuSPARSE plan");
            prepare(values, one, other);
        } else {
            check("cusparseSpMatSetValues", JCusparse.cusparseSpMatSetValues(sparse, new DevicePointer(values)));
            check("cusparseDnMatSetValues", JCusparse.cusparseDnMatSetValues(first, new DevicePointer(one)));
            check("cusparseDnMatSetValues", JCusparse.cusparseDnMatSetValues(second, new DevicePointer(other)));
        }
        check(call(), execute(library, sparse, first, second, new DevicePointer(buffer)));
        CudaCounters.launchesOf(call()).increment();
        library.stream().launched(call());
    }

    private void prepare(MemorySegment values, MemorySegment one, MemorySegment other) {
        // A run that failed half way is begun again.
        destroy();
        sparse = sparse(values);
        first = dense(firstShape, one);
        second = dense(secondShape, other);
        long[] bytes = new long[1];
        check(call() + "_bufferSize", bufferSize(library, sparse, first, second, bytes));
        if (buffer == null || buffer.byteSize() < bytes[0]) {
            buffer = memory.allocate(bytes[0]);
        }
        check(call() + "_preprocess", preprocess(library, sparse, first, second, new DevicePointer(buffer)));
        prepared = true;
    }

    private cusparseSpMatDescr sparse(MemorySegment values) {
        cusparseSpMatDescr descriptor = new cusparseSpMatDescr();
        int index = cusparseIndexType.CUSPARSE_INDEX_32I;
        check(
                "cusparseCreateCsr",
                JCusparse.cusparseCreateCsr(
                        descriptor,
                        pattern.rows(),
                        pattern.cols(),
                        pattern.entries(),
                        new DevicePointer(pattern.rowPtr()),
                        new DevicePointer(pattern.colIdx()),
                        new DevicePointer(values),
                        index,
                        index,
                        cusparseIndexBase.CUSPARSE_INDEX_BASE_ZERO,
                        valueType));
        return descriptor;
    }

    private cusparseDnMatDescr dense(Shape shape, MemorySegment data) {
        cusparseDnMatDescr descriptor = new cusparseDnMatDescr();
        check(
                "cusparseCreateDnMat",
                JCusparse.cusparseCreateDnMat(
                        descriptor,
                        shape.rows,
                        shape.cols,
                        shape.stride,
                        new DevicePointer(data),
                        shape.type,
                        ROW_ORDER));
        return descriptor;
    }

    private void check(String call, int status) {
        library.check(call, status, pattern + " with " + firstShape + " and " + secondShape + ", ");
    }

    private static cusparseConstDnMatDescr constant(cusparseDnMatDescr descriptor) {
        return Handles.as(descriptor, new cusparseConstDnMatDescr());
    }

    private static cusparseConstSpMatDescr constant(cusparseSpMatDescr descriptor) {
        return Handles.as(descriptor, new cusparseConstSpMatDescr());
    }

    /** The function that computes. */
    abstract String call();

    abstract int bufferSize(
            Cusparse lib, cusparseSpMatDescr values, cusparseDnMatDescr one, cusparseDnMatDescr other, long[] bytes);

    abstract int preprocess(
            Cusparse lib, cusparseSpMatDescr values, cusparseDnMatDescr one, cusparseDnMatDescr other, Pointer memory);

    abstract int execute(
            Cusparse lib, cusparseSpMatDescr values, cusparseDnMatDescr one, cusparseDnMatDescr other, Pointer memory);

    /** Destroys all descriptors, those too that come after one that cannot be destroyed. */
    private void destroy() {
        int pattern = sparse == null ? 0 : JCusparse.cusparseDestroySpMat(constant(sparse));
        int one = first == null ? 0 : JCusparse.cusparseDestroyDnMat(constant(first));
        int other = second == null ? 0 : JCusparse.cusparseDestroyDnMat(constant(second));
        sparse = null;
        first = null;
        second = null;
        check("cusparseDestroySpMat", pattern);
        check("cusparseDestroyDnMat", one);
        check("cusparseDestroyDnMat", other);
    }

    @Override
    void free() {
        try (memory) {
            destroy();
        }
    }

    /** {@link Cusparse#newProduct}. */
    static final class Product extends CusparsePlan {

        private final int algorithm;

        Product(Cusparse library, Pattern pattern, Operands operands, Algorithm algorithm, int width, int stride) {
            super(
                    library,
                    pattern,
                    operands.type(),
                    new Shape(pattern.cols(), width, stride, operands.type()),
                    new Shape(pattern.rows(), width, stride, FLOAT));
            this.algorithm = algorithm.code();
        }

        @Override
        String call() {
            return "cusparseSpMM";
        }

        @Override
        int bufferSize(Cusparse lib, cusparseSpMatDescr a, cusparseDnMatDescr x, cusparseDnMatDescr out, long[] bytes) {
            return JCusparse.cusparseSpMM_bufferSize(
                    lib.handle(), PLAIN, PLAIN, ONE, constant(a), constant(x), ZERO, out, FLOAT, algorithm, bytes);
        }

        @Override
        int preprocess(
                Cusparse lib, cusparseSpMatDescr a, cusparseDnMatDescr x, cusparseDnMatDescr out, Pointer memory) {
            return JCusparse.cusparseSpMM_preprocess(
                    lib.handle(), PLAIN, PLAIN, ONE, constant(a), constant(x), ZERO, out, FLOAT, algorithm, memory);
        }

        @Override
        int execute(Cusparse lib, cusparseSpMatDescr a, cusparseDnMatDescr x, cusparseDnMatDescr out, Pointer memory) {
            return JCusparse.cusparseSpMM(
                    lib.handle(), PLAIN, PLAIN, ONE, constant(a), constant(x), ZERO, out, FLOAT, algorithm, memory);
        }
    }

    /** {@link Cusparse#newSamples}. */
    static final class Samples extends CusparsePlan {

        private static final int DEFAULT = cusparseSDDMMAlg.CUSPARSE_SDDMM_ALG_DEFAULT;

        Samples(Cusparse library, Pattern pattern, Operands operands, int width, int stride) {
            super(
                    library,
                    pattern,
                    FLOAT,
                    new Shape(pattern.rows(), width, stride, operands.type()),
                    new Shape(pattern.cols(), width, stride, operands.type()));
        }

        @Override
        String call() {
            return "cusparseSDDMM";
        }

        @Override
        int bufferSize(Cusparse lib, cusparseSpMatDescr out, cusparseDnMatDescr a, cusparseDnMatDescr b, long[] bytes) {
            return JCusparse.cusparseSDDMM_bufferSize(
                    lib.handle(), PLAIN, TRANSPOSED, ONE, constant(a), constant(b), ZERO, out, FLOAT, DEFAULT, bytes);
        }

        @Override
        int preprocess(
                Cusparse lib, cusparseSpMatDescr out, cusparseDnMatDescr a, cusparseDnMatDescr b, Pointer memory) {
            return JCusparse.cusparseSDDMM_preprocess(
                    lib.handle(), PLAIN, TRANSPOSED, ONE, constant(a), constant(b), ZERO, out, FLOAT, DEFAULT, memory);
        }

        @Override
        int execute(Cusparse lib, cusparseSpMatDescr out, cusparseDnMatDescr a, cusparseDnMatDescr b, Pointer memory) {
            return JCusparse.cusparseSDDMM(
                    lib.handle(), PLAIN, TRANSPOSED, ONE, constant(a), constant(b), ZERO, out, FLOAT, DEFAULT, memory);
        }
    }
}
