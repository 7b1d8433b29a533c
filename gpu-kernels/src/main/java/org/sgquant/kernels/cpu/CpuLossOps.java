package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.LossOps;
import org.sgquant.kernels.LossShapes;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link LossOps} over rows in parallel; exponentials in double. */
public final class CpuLossOps implements LossOps {

    /** Element operations that the exponentials of one element are worth. */
    private static final int EXP_WORK = 128;

    private final Workers workers;

    public CpuLossOps(Workers workers) {
        this.workers = workers;
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
            grad.data().fill((byte) 0);
        }
        int count = nodes.size();
        MemorySegment losses = workers.scratch((long) count * Double.BYTES);
        AtomicInteger right = new AtomicInteger();
        workers.run((long) count * logits.cols() * EXP_WORK, count, (from, to) -> {
            for (int n = from; n < to; n++) {
                int node = nodes.get(n);
                FloatShapes.requireNode(logits, node);
                int label = labels.get(node);
                FloatShapes.requireLabel(logits, node, label);
                SoftmaxRow row = SoftmaxRow.of(logits.data(), logits.rowOffset(node), logits.cols());
                double loss = correction == Correction.FORWARD
                        ? forward(row, label, matrix, grad, node, count)
                        : backward(row, label, matrix, grad, node, count);
                losses.set(JAVA_DOUBLE, (long) n * Double.BYTES, loss);
                if (row.argmax() == label) {
                    right.incrementAndGet();
                }
            }
        });
        metrics.set(0, 0, count == 0 ? 0 : (float) (sum(losses, count) / count));
        metrics.set(0, 1, right.get());
    }

    private static double forward(SoftmaxRow row, int label, FloatMatrix noise, FloatMatrix grad, int node, int count) {
        double s = 0;
        for (int k = 0; k < row.cols(); k++) {
            s += noise.get(k, label) * row.probability(k);
        }
        for (int j = 0; grad != null && j < row.cols(); j++) {
            grad.set(node, j, (float) (row.probability(j) * (1 - noise.get(j, label) / s) / count));
        }
        return -Math.log(s);
    }

    private static double backward(
            SoftmaxRow row, int label, FloatMatrix inverse, FloatMatrix grad, int node, int count) {
        double loss = 0;
        double share = 0;
        for (int k = 0; k < row.cols(); k++) {
            loss += inverse.get(label, k) * row.loss(k);
            share += inverse.get(label, k);
        }
        for (int j = 0; grad != null && j < row.cols(); j++) {
            grad.set(node, j, (float) ((share * row.probability(j) - inverse.get(label, j)) / count));
        }
        return loss;
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
        int rows = logits.rows();
        int cols = logits.cols();
        double sharpness = 1.0 / temperature;
        double factor = (double) weight * temperature / rows;
        MemorySegment losses = workers.scratch((long) rows * Double.BYTES);
        workers.run((long) rows * cols * EXP_WORK, rows, (from, to) -> {
            for (int i = from; i < to; i++) {
                SoftmaxRow p = SoftmaxRow.of(teacher.data(), teacher.rowOffset(i), cols, sharpness);
                SoftmaxRow q = SoftmaxRow.of(logits.data(), logits.rowOffset(i), cols, sharpness);
                double loss = 0;
                for (int j = 0; j < cols; j++) {
                    double target = p.probability(j);
                    loss += target * (q.loss(j) - p.loss(j));
                    double soft = factor * (q.probability(j) - target);
                    grad.set(i, j, (float) ((1.0 - weight) * labelGrad.get(i, j) + soft));
                }
                losses.set(JAVA_DOUBLE, (long) i * Double.BYTES, loss);
            }
        });
        double mean = rows == 0 ? 0 : (double) temperature * temperature * sum(losses, rows) / rows;
        metrics.set(0, 0, (float) ((1.0 - weight) * metrics.get(0, 0) + weight * mean));
    }

    /** In the order of the list, whatever the number of threads. */
    private static double sum(MemorySegment losses, int count) {
        double sum = 0;
        for (long n = 0; n < count; n++) {
            sum += losses.get(JAVA_DOUBLE, n * Double.BYTES);
        }
        return sum;
    }
}
