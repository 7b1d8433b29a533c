package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link ElementwiseOps} in vector loops over cache lines; exponentials in double. */
public final class CpuElementwiseOps implements ElementwiseOps {

    /** Rows whose sum is one term of {@link #sumRows}. */
    private static final int SUM_CHUNK = 1024;

    /** Element operations that one exponential in double is worth. */
    private static final int EXP_WORK = 64;

    private final Workers workers;

    public CpuElementwiseOps(Workers workers) {
        this.workers = workers;
    }

    private void overLines(FloatMatrix out, Workers.RangeBody body) {
        workers.run(work(out), Vectors.lines(out), body);
    }

    private void overRows(FloatMatrix out, Workers.RangeBody body) {
        workers.run(work(out), out.rows(), body);
    }

    private static long work(FloatMatrix x) {
        return x.bytes() / Float.BYTES;
    }

    @Override
    public void zero(FloatMatrix out) {
        overLines(
                out,
                (from, to) -> out.data()
                        .asSlice(from * Vectors.LINE_BYTES, (to - from) * Vectors.LINE_BYTES)
                        .fill((byte) 0));
    }

    @Override
    public void copy(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "copy: out");
        overLines(out, (from, to) -> {
            long at = from * Vectors.LINE_BYTES;
            MemorySegment.copy(x.data(), at, out.data(), at, to * Vectors.LINE_BYTES - at);
        });
    }

    @Override
    public void add(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        FloatShapes.requireSame(a, b, "add: b");
        FloatShapes.requireSame(a, out, "add: out");
        overLines(out, (from, to) -> FloatLoops.add(a.data(), b.data(), out.data(), from, to));
    }

    @Override
    public void scaleRows(FloatMatrix x, FloatMatrix factor, FloatMatrix out) {
        FloatShapes.requireScaleRows(x, factor, out);
        overRows(out, (from, to) -> FloatLoops.scaleRows(x, factor.data(), out, from, to));
    }

    @Override
    public void addBias(FloatMatrix x, FloatMatrix bias, FloatMatrix out) {
        FloatShapes.requireAddBias(x, bias, out);
        overRows(out, (from, to) -> FloatLoops.addBias(x, bias.data(), out, from, to));
    }

    @Override
    public void sumRows(FloatMatrix x, FloatMatrix out) {
        out.requireShape(1, x.cols(), "sumRows: out");
        int chunks = Math.ceilDiv(x.rows(), SUM_CHUNK);
        FloatMatrix sums = FloatMatrix.view(workers.scratch(FloatMatrix.bytes(chunks, x.cols())), chunks, x.cols());
        workers.run(work(x), chunks, (from, to) -> {
            for (int c = from; c < to; c++) {
                FloatLoops.sumRows(x, c * SUM_CHUNK, Math.min((c + 1) * SUM_CHUNK, x.rows()), sums, c);
            }
        });
        FloatLoops.sumRows(sums, 0, chunks, out, 0);
    }

    @Override
    public void relu(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "relu: out");
        overLines(out, (from, to) -> FloatLoops.relu(x.data(), out.data(), from, to));
    }

    @Override
    public void reluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(y, gradY, "reluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "reluBackward: gradX");
        overLines(gradX, (from, to) -> FloatLoops.reluBackward(y.data(), gradY.data(), gradX.data(), from, to));
    }

    @Override
    public void clipBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(x, gradY, "clipBackward: gradY");
        FloatShapes.requireSame(x, gradX, "clipBackward: gradX");
        overLines(gradX, (from, to) -> FloatLoops.clipBackward(x.data(), gradY.data(), gradX.data(), from, to));
    }

    @Override
    public void dropout(FloatMatrix x, float rate, int stream, StepState state, FloatMatrix out) {
        FloatShapes.requireDropout(x, rate, out);
        long key = CounterRandom.key(state.seed(), state.step(), stream);
        overLines(out, (from, to) -> FloatLoops.dropout(x, key, rate, out, from, to));
    }

    @Override
    public void selectRows(
            FloatMatrix probability, int stream, StepState state, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        FloatShapes.requireSelectRows(probability, a, b, out);
        long key = CounterRandom.key(state.seed(), state.step(), stream);
        long rowBytes = Vectors.rowBytes(out);
        overRows(out, (from, to) -> {
            for (int i = from; i < to; i++) {
                FloatMatrix chosen = CounterRandom.uniform(key, i) < probability.get(0, i) ? a : b;
                if (chosen == null) {
                    out.data().asSlice(out.rowOffset(i), rowBytes).fill((byte) 0);
                } else {
                    MemorySegment.copy(chosen.data(), out.rowOffset(i), out.data(), out.rowOffset(i), rowBytes);
                }
            }
        });
    }

    @Override
    public void softmaxCrossEntropy(
            FloatMatrix logits, IntArray labels, IntArray nodes, FloatMatrix grad, FloatMatrix metrics) {
        FloatShapes.requireCrossEntropy(logits, labels, grad, metrics);
        if (grad != null) {
            zero(grad);
        }
        int count = nodes.size();
        MemorySegment losses = workers.scratch((long) count * Double.BYTES);
        AtomicInteger right = new AtomicInteger();
        long work = (long) count * logits.cols() * EXP_WORK;
        workers.run(
                work,
                count,
                (from, to) -> right.addAndGet(crossEntropy(logits, labels, nodes, grad, losses, from, to)));
        double loss = 0;
        for (long n = 0; n < count; n++) {
            loss += losses.get(JAVA_DOUBLE, n * Double.BYTES);
        }
        metrics.set(0, 0, count == 0 ? 0 : (float) (loss / count));
        metrics.set(0, 1, right.get());
    }

    /** Losses and gradients of nodes [from, to) of the list; returns how many are right. */
    private static int crossEntropy(
            FloatMatrix logits,
            IntArray labels,
            IntArray nodes,
            FloatMatrix grad,
            MemorySegment losses,
            int from,
            int to) {
        int right = 0;
        for (int n = from; n < to; n++) {
            int node = nodes.get(n);
            FloatShapes.requireNode(logits, node);
            int label = labels.get(node);
            FloatShapes.requireLabel(logits, node, label);
            SoftmaxRow row = SoftmaxRow.of(logits.data(), logits.rowOffset(node), logits.cols());
            losses.set(JAVA_DOUBLE, (long) n * Double.BYTES, row.loss(label));
            right += row.argmax() == label ? 1 : 0;
            if (grad != null) {
                row.write(grad.data(), grad.rowOffset(node), label, 1.0 / nodes.size());
            }
        }
        return right;
    }

    @Override
    public void softmax(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "softmax: out");
        workers.run(work(x) * EXP_WORK, x.rows(), (from, to) -> {
            for (int i = from; i < to; i++) {
                SoftmaxRow.of(x.data(), x.rowOffset(i), x.cols()).write(out.data(), out.rowOffset(i), -1, 1);
            }
        });
    }

    @Override
    public void adam(
            FloatMatrix p, FloatMatrix grad, FloatMatrix m, FloatMatrix v, float weightDecay, StepState state) {
        FloatShapes.requireAdam(p, grad, m, v);
        AdamStep step = AdamStep.of(state);
        overLines(
                p,
                (from, to) -> FloatLoops.adam(p.data(), grad.data(), m.data(), v.data(), weightDecay, step, from, to));
    }

    @Override
    public void nextStep(StepState state) {
        state.set(state.seed(), state.step() + 1, state.learningRate());
    }
}
