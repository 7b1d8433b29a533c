package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.cuda.Cublas;
import org.sgquant.cuda.Cublas.Operand;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.cuda.CudaCasts.Form;
import org.sgquant.tensor.FloatMatrix;

/**
 * {@link DenseOps} of cuBLAS; half operands are cast on the device, sums and results are float32.
 *
 * <p>With {@link Cublas.Operands#FP16}, products with a transposed operand read float32: they are those of the backward
 * pass, whose gradients fp16 would turn into 0 below 6e-8 without anybody noticing.
 */
final class CublasDenseOps implements DenseOps {

    private final Launcher launcher;
    private final CudaCasts casts;
    private final Cublas cublas;
    private final Cublas.Operands operands;

    CublasDenseOps(Launcher launcher, Cublas.Operands operands) {
        this.launcher = launcher;
        this.casts = new CudaCasts(launcher);
        this.cublas = launcher.own(launcher.device().newCublas(launcher.stream()));
        this.operands = operands;
    }

    @Override
    public void gemm(FloatMatrix a, boolean transposeA, FloatMatrix b, boolean transposeB, FloatMatrix c) {
        FloatShapes.requireGemm(a, transposeA, b, transposeB, c);
        int depth = transposeA ? a.rows() : a.cols();
        if (c.rows() == 0 || c.cols() == 0) {
            return;
        }
        if (depth == 0) {
            launcher.stream().fill(c.data(), (byte) 0, c.bytes());
            return;
        }
        boolean backward = transposeA || transposeB;
        Cublas.Operands read = operands == Cublas.Operands.FP16 && backward ? Cublas.Operands.FP32 : operands;
        Operand left = new Operand(form("left operand", a, read), a.stride(), transposeA);
        Operand right = new Operand(form("right operand", b, read), b.stride(), transposeB);
        LibraryCalls.run(() -> cublas.gemm(read, left, right, c.data(), c.stride(), c.rows(), c.cols(), depth));
    }

    private MemorySegment form(String use, FloatMatrix x, Cublas.Operands read) {
        Form wanted = switch (read) {
            case FP32, TF32 -> Form.FP32;
            case FP16 -> Form.FP16;
            case BF16 -> Form.BF16;
        };
        return casts.cast("cuBLAS " + use, x, wanted);
    }
}
