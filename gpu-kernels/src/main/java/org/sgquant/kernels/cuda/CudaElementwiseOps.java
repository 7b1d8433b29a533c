package org.sgquant.kernels.cuda;

import java.util.List;
import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** {@link ElementwiseOps}, one launch each but for sums. */
final class CudaElementwiseOps implements ElementwiseOps {

    /** Rows whose sum is one term of {@link #sumRows}. */
    private static final int SUM_CHUNK = 1024;

    private final Launcher launcher;
    private final CudaCrossEntropy crossEntropy;

    CudaElementwiseOps(Launcher launcher) {
        this.launcher = launcher;
        this.crossEntropy = new CudaCrossEntropy(launcher);
    }

    /** Launches what has been put together over the quads of the rows, whose numbers the kernel takes next. */
    private void runOverRows(Launch launch, String name, FloatMatrix out) {
        launch.int32(out.rows()).int32(out.cols()).run(launcher.blocks(name, Quads.ofRows(out)));
    }

    @Override
    public void zero(FloatMatrix out) {
        String name = "fill_f32";
        launcher.kernel(name)
                .pointer(out)
                .float32(0)
                .int64(out.bytes() / Float.BYTES)
                .run(launcher.blocks(name, out.bytes() / Float.BYTES));
    }

    @Override
    public void copy(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "copy: out");
        String name = "copy_f32";
        Quads.runAll(launcher, name, launcher.kernel(name).pointer(x).pointer(out), out);
    }

    @Override
    public void add(FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        FloatShapes.requireSame(a, b, "add: b");
        FloatShapes.requireSame(a, out, "add: out");
        String name = "add_f32";
        Quads.runAll(launcher, name, launcher.kernel(name).pointer(a).pointer(b).pointer(out), out);
    }

    @Override
    public void scaleRows(FloatMatrix x, FloatMatrix factor, FloatMatrix out) {
        FloatShapes.requireScaleRows(x, factor, out);
        String name = "scale_rows_f32";
        runOverRows(launcher.kernel(name).pointer(x).pointer(factor).pointer(out), name, out);
    }

    @Override
    public void addBias(FloatMatrix x, FloatMatrix bias, FloatMatrix out) {
        FloatShapes.requireAddBias(x, bias, out);
        String name = "add_bias_f32";
        runOverRows(launcher.kernel(name).pointer(x).pointer(bias).pointer(out), name, out);
    }

    @Override
    public void sumRows(FloatMatrix x, FloatMatrix out) {
        out.requireShape(1, x.cols(), "sumRows: out");
        RowSums.all(launcher, x, SUM_CHUNK, out);
    }

    @Override
    public void relu(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "relu: out");
        String name = "relu_f32";
        Quads.runAll(launcher, name, launcher.kernel(name).pointer(x).pointer(out), out);
    }

    @Override
    public void reluBackward(FloatMatrix y, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(y, gradY, "reluBackward: gradY");
        FloatShapes.requireSame(y, gradX, "reluBackward: gradX");
        String name = "relu_backward_f32";
        Quads.runAll(
                launcher, name, launcher.kernel(name).pointer(y).pointer(gradY).pointer(gradX), gradX);
    }

    @Override
    public void clipBackward(FloatMatrix x, FloatMatrix gradY, FloatMatrix gradX) {
        FloatShapes.requireSame(x, gradY, "clipBackward: gradY");
        FloatShapes.requireSame(x, gradX, "clipBackward: gradX");
        String name = "clip_backward_f32";
        Quads.runAll(
                launcher, name, launcher.kernel(name).pointer(x).pointer(gradY).pointer(gradX), gradX);
    }

    @Override
    public void dropout(FloatMatrix x, float rate, int stream, StepState state, FloatMatrix out) {
        FloatShapes.requireDropout(x, rate, out);
        String name = "dropout_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(out)
                .int32(out.rows())
                .int32(out.cols())
                .int32(CounterRandom.threshold(rate))
                .float32(1f / (1f - rate))
                .int32(stream)
                .pointer(state)
                .run(launcher.blocks(name, Quads.ofRows(out)));
    }

    @Override
    public void selectRows(
            FloatMatrix probability, int stream, StepState state, FloatMatrix a, FloatMatrix b, FloatMatrix out) {
        FloatShapes.requireSelectRows(probability, a, b, out);
        String name = "select_rows_f32";
        Launch launch = launcher.kernel(name)
                .pointer(probability)
                .int32(stream)
                .pointer(state)
                .pointer(a)
                .pointer(b)
                .pointer(out);
        runOverRows(launch, name, out);
    }

    @Override
    public void softmaxCrossEntropy(
            FloatMatrix logits, IntArray labels, IntArray nodes, FloatMatrix grad, FloatMatrix metrics) {
        FloatShapes.requireCrossEntropy(logits, labels, grad, metrics);
        if (grad != null) {
            zero(grad);
        }
        crossEntropy.run(logits, labels, nodes, grad, metrics);
    }

    @Override
    public void softmax(FloatMatrix x, FloatMatrix out) {
        FloatShapes.requireSame(x, out, "softmax: out");
        String name = "softmax_f32";
        launcher.kernel(name)
                .pointer(x)
                .pointer(out)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, x.rows()));
    }

    @Override
    public void adam(
            FloatMatrix p, FloatMatrix grad, FloatMatrix m, FloatMatrix v, float weightDecay, StepState state) {
        FloatShapes.requireAdam(p, grad, m, v);
        String name = "adam_f32";
        int site = launcher.errors().site(List.of(name), (step, kind) -> AdamStep.neverStepped((int) -step));
        launcher.kernel(name)
                .pointer(p)
                .pointer(grad)
                .pointer(m)
                .pointer(v)
                .int64(Quads.all(p))
                .float32(weightDecay)
                .pointer(state)
                .pointer(launcher.errors().word())
                .int32(site)
                .run(launcher.blocks(name, Quads.all(p)));
    }

    @Override
    public void nextStep(StepState state) {
        launcher.kernel("next_step").pointer(state).run(1);
    }
}
