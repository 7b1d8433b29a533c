package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sgquant.autograd.ClipMask;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.Cell;
import org.sgquant.quant.QuantConfig;
import org.sgquant.search.Differentiable;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.train.TrainingLoop;

/**
 * Weights of a trained model that go on learning while every cell is {@code y = sum_c p_c Q_c(x)}, and
 * {@code dL/dp_c = <dL/dy, Q_c(x)>}, summed over the rows of a dimension; L the cross-entropy of the training nodes, with
 * dropout.
 *
 * <p>Q_c has ranges of its own at every step. The gradient passes straight through the rounding of later cells. Features
 * and attention are not mixed but stay at their widest, and so is a message that the widest configuration does not store.
 * Takes floats of about three times every mixed cell for each width.
 */
final class MixedWeights implements Differentiable.MixedWeights, AutoCloseable {

    /**
     * A mixed cell.
     *
     * @param rows first row of each of its dimensions, and the end
     * @param factors 1 x rows for each width, p of the row's dimension
     * @param quantized Q of each width
     */
    private record Mix(Cell cell, int[] rows, Value mixed, List<FloatMatrix> factors, List<FloatMatrix> quantized) {}

    private final Backend backend;
    private final BitSpace space;
    private final QuantizedModel model;
    private final Memory memory;
    private final HostMemory host = new HostMemory();
    private final StepState state;
    private final StepState hostState;
    private final FloatMatrix metrics;
    private final Map<Cell, Mix> mixes = new TreeMap<>();
    private final Map<Cell, FloatMatrix> gradients = new TreeMap<>();
    private final Plan plan;
    private final long seed;
    private final float rate;
    private int steps;

    /**
     * A copy of the weights of {@code start}, which learn at {@code rate}.
     *
     * @throws IllegalArgumentException where weights have levels of their own, which cannot be mixed
     */
    MixedWeights(Experiment experiment, Lanes.Lane lane, BitSpace space, Experiment.Trained start, float rate) {
        if (!experiment.weightConfig().isAffine()) {
            throw new IllegalArgumentException("mixed weights: got weights " + experiment.weightConfig()
                    + ", expected weights with a scale per column");
        }
        this.backend = lane.backend();
        this.space = space;
        this.seed = start.seed();
        this.rate = rate;
        this.model = experiment.quantizedModel(
                lane, start.weights(), space.assignment(space.space().widest()), null);
        this.memory = backend.newMemory("mixed weights");
        this.state = StepState.allocate(memory);
        this.hostState = StepState.allocate(host);
        this.metrics = FloatMatrix.allocate(memory, 1, 2);
        model.parameters().resetMoments();
        this.plan = plan();
    }

    private Plan plan() {
        GraphInput input = model.input();
        Tape tape = new Tape();
        tape.nextStep(state);
        Forward forward = Forward.substituted(tape, input, model.parameters(), model.cells(), state, this::mix);
        Value logits = model.model().logits(forward);
        tape.backward(logits, tape.crossEntropy(logits, input.labels(), input.train(), metrics));
        mixes.forEach((cell, mix) -> gradients.put(cell, tape.output(tape.gradient(mix.mixed()), memory)));
        TrainingLoop.adam(tape, forward, model.parameters(), state);
        return Plan.compile(tape, backend, memory);
    }

    private Value mix(Tape tape, Cell cell, Value x) {
        QuantConfig config = model.cells().config();
        int first = dimension(cell);
        int[] rows = space.isPerBucket(first)
                ? model.bits().buckets().bounds(model.input().degrees())
                : new int[] {0, x.rows()};
        List<FloatMatrix> factors = new ArrayList<>();
        List<FloatMatrix> quantized = new ArrayList<>();
        Value sum = null;
        for (int width : space.space().dimensions().get(first).choices()) {
            QuantScheme scheme = QuantScheme.create(
                    memory,
                    cell.toString(),
                    rows,
                    x.cols(),
                    Collections.nCopies(rows.length - 1, BitWidth.ofId(width)),
                    config.granularity(cell),
                    config.rounding());
            Value q = tape.fakeQuantize(tape.calibrate(x, scheme, config.calibration(cell)), scheme, ClipMask.NONE);
            FloatMatrix factor = FloatMatrix.allocate(memory, 1, x.rows());
            Value part = tape.scaleRows(q, tape.constant(factor));
            factors.add(factor);
            quantized.add(tape.output(q, memory));
            sum = sum == null ? part : tape.add(sum, part);
        }
        if (mixes.put(cell, new Mix(cell, rows, sum, factors, quantized)) != null) {
            throw new IllegalStateException("cell " + cell + " is mixed twice in one pass");
        }
        return sum;
    }

    /** The first dimension of {@code cell}. */
    private int dimension(Cell cell) {
        int i = 0;
        while (!space.cell(i).equals(cell)) {
            i++;
        }
        return i;
    }

    @Override
    public Differentiable.Gradient step(double[][] probabilities) {
        mixes.values().forEach(mix -> upload(mix, probabilities));
        hostState.set(seed, steps++, rate);
        backend.upload(hostState.data(), state.data(), StepState.BYTES);
        plan.run();
        double[][] gradient = new double[probabilities.length][];
        mixes.values().forEach(mix -> download(mix, gradient));
        return new Differentiable.Gradient(Transfer.download(backend, metrics)[0][0], gradient);
    }

    private void upload(Mix mix, double[][] probabilities) {
        int first = dimension(mix.cell());
        for (int c = 0; c < mix.factors().size(); c++) {
            float[][] factor = new float[1][mix.factors().get(c).cols()];
            for (int b = 0; b + 1 < mix.rows().length; b++) {
                for (int r = mix.rows()[b]; r < mix.rows()[b + 1]; r++) {
                    factor[0][r] = (float) probabilities[first + b][c];
                }
            }
            Transfer.copy(backend, factor, mix.factors().get(c));
        }
    }

    private void download(Mix mix, double[][] gradient) {
        int first = dimension(mix.cell());
        float[][] g = Transfer.download(backend, gradients.get(mix.cell()));
        for (int b = 0; b + 1 < mix.rows().length; b++) {
            gradient[first + b] = new double[mix.quantized().size()];
        }
        for (int c = 0; c < mix.quantized().size(); c++) {
            float[][] q = Transfer.download(backend, mix.quantized().get(c));
            for (int b = 0; b + 1 < mix.rows().length; b++) {
                for (int r = mix.rows()[b]; r < mix.rows()[b + 1]; r++) {
                    gradient[first + b][c] += dot(g[r], q[r]);
                }
            }
        }
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (double) a[i] * b[i];
        }
        return sum;
    }

    @Override
    public void close() {
        plan.close();
        memory.close();
        host.close();
        model.close();
    }
}
