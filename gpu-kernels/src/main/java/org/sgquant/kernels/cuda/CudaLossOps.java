package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.LossOps;
import org.sgquant.kernels.LossShapes;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link LossOps}: a launch over rows, then one block that adds the sums of its blocks up. */
final class CudaLossOps implements LossOps {

    private final Launcher launcher;
    private final CudaCrossEntropy crossEntropy;

    CudaLossOps(Launcher launcher) {
        this.launcher = launcher;
        this.crossEntropy = new CudaCrossEntropy(launcher);
    }

    @Override
    public void correctedCrossEntropy(
            FloatMatrix logits,
            IntArray labels,
            IntArray nodes,
            Correction correction,
            FloatMatrix matrix,
            FloatMatrix grad,
            FloatMatrix metrics) {
        LossShapes.requireCorrected(logits, labels, matrix, grad, metrics);
        if (grad != null) {
            String fill = "fill_f32";
            long floats = grad.bytes() / Float.BYTES;
            launcher.kernel(fill).pointer(grad).float32(0).int64(floats).run(launcher.blocks(fill, floats));
        }
        crossEntropy.run(
                "corrected_cross_entropy_f32",
                launch -> launch.pointer(matrix).int32(correction == Correction.FORWARD ? 1 : 0),
                logits,
                labels,
                nodes,
                grad,
                metrics);
    }

    @Override
    public void distill(
            FloatMatrix logits,
            FloatMatrix teacher,
            float temperature,
            float weight,
            FloatMatrix labelGrad,
            FloatMatrix grad,
            FloatMatrix metrics) {
        LossShapes.requireDistill(logits, teacher, temperature, weight, labelGrad, grad, metrics);
        String rows = "distill_f32";
        int blocks = Math.toIntExact(launcher.blocks(rows, logits.rows()));
        MemorySegment losses = launcher.scratch("losses", Math.max(blocks, 1) * (long) Double.BYTES);
        launcher.kernel(rows)
                .pointer(logits)
                .pointer(teacher)
                .int32(logits.rows())
                .int32(logits.cols())
                .float32(temperature)
                .float32(weight)
                .pointer(labelGrad)
                .pointer(grad)
                .pointer(losses)
                .run(blocks);
        launcher.kernel("distill_metrics")
                .pointer(losses)
                .int32(blocks)
                .int32(logits.rows())
                .float32(temperature)
                .float32(weight)
                .pointer(metrics)
                .run(1);
    }
}
