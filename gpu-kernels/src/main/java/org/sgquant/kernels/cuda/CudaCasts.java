package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.tensor.FloatMatrix;

/** Operands in the form that libraries take, in scratch memory that the next cast for the same use overwrites. */
final class CudaCasts {

    /** Types of elements, with the numbers that the kernel knows them by. */
    enum Form {
        FP32(0, Float.BYTES, 0x3f800000),
        /**
         * To the nearest, ties to even; beyond 65504 infinity, which the loss then shows. What is below 6e-8 becomes 0,
         * which nothing shows.
         */
        FP16(1, Short.BYTES, 0x3c003c00),
        /** To the nearest, ties to even; as far up and down as float32. */
        BF16(2, Short.BYTES, 0x3f803f80);

        private final int number;
        private final int bytes;
        private final float ones;

        Form(int number, int bytes, int ones) {
            this.number = number;
            this.bytes = bytes;
            this.ones = Float.intBitsToFloat(ones);
        }

        /** Of an element. */
        int bytes() {
            return bytes;
        }

        /** The float32 with the bits of ones side by side. */
        float filledWithOnes() {
            return ones;
        }
    }

    private static final String KERNEL = "cast_rows_f32";

    private final Launcher launcher;

    CudaCasts(Launcher launcher) {
        this.launcher = launcher;
    }

    /** {@code x} with the same stride in elements of {@code form}, itself where it is float32 already. */
    MemorySegment cast(String use, FloatMatrix x, Form form) {
        return form == Form.FP32 ? x.data() : rows(use, x, x.stride(), form);
    }

    /** {@code x} without padding. */
    MemorySegment compact(String use, FloatMatrix x, Form form) {
        return x.rows() <= 1 ? cast(use, x, form) : rows(use, x, x.cols(), form);
    }

    private MemorySegment rows(String use, FloatMatrix x, int stride, Form form) {
        MemorySegment out = launcher.scratch(use, (long) x.rows() * stride * form.bytes);
        run(x.data(), x.stride(), out, stride, x.rows(), x.cols(), form);
        return out;
    }

    /** Copies float32 elements without padding to {@code out}. */
    void spread(MemorySegment compact, FloatMatrix out) {
        run(compact, out.cols(), out.data(), out.stride(), out.rows(), out.cols(), Form.FP32);
    }

    private void run(MemorySegment x, int xStride, MemorySegment out, int outStride, int rows, int cols, Form form) {
        launcher.kernel(KERNEL)
                .pointer(x)
                .pointer(out)
                .int32(rows)
                .int32(cols)
                .int32(xStride)
                .int32(outStride)
                .int32(form.number)
                .run(launcher.blocks(KERNEL, (long) rows * cols));
    }
}
