package org.sgquant.train;

import java.util.Map;
import org.sgquant.autograd.LearnedQuantFunctions;
import org.sgquant.autograd.LossFunctions;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.PowerFunctions;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.LossOps.Correction;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.Memory;

/**
 * Trains or fine-tunes one model on one graph and keeps the checkpoint of best validation accuracy.
 *
 * <p>Each epoch replays two plans: a step on the training nodes, and an evaluation on the validation nodes without
 * dropout. In fine-tuning the evaluation also refreshes the ranges that the next step quantizes with, unless steps are
 * learned: then ranges are calibrated once, before the first step. A checkpoint is weights and ranges. Test labels are
 * read by {@link #evaluate} alone.
 */
public final class Trainer implements AutoCloseable {

    private final Backend backend;
    private final Memory memory;
    private final HostMemory host = new HostMemory();
    private final Parameters parameters;
    private final QuantizedCells cells;
    private final Checkpoint best;
    private final GraphInput input;
    private final StepState state;
    private final StepState hostState;
    private final FloatMatrix metrics;
    private final FloatMatrix hostMetrics;
    private final Plan step;
    private final Plan calibration;
    private final Plan evaluation;

    /** {@code cells} is null for fp32 training; {@code parameters} are trained in place on the plain cross-entropy. */
    public Trainer(Model model, GraphInput input, Parameters parameters, QuantizedCells cells, Backend backend) {
        this(model, input, parameters, cells, Task.PLAIN, backend);
    }

    /**
     * What a step does: minimises {@code objective}, where it distils from the logits {@code teacher}, N x C, and leaves
     * the entries of the parameters in {@code frozen}, by name, as they are there; NaN stands for those that train.
     */
    public record Task(Objective objective, float[][] teacher, Map<String, float[][]> frozen) {
        public static final Task PLAIN = new Task(Objective.PLAIN, null, Map.of());

        Task withFrozen(Map<String, float[][]> entries) {
            return new Task(objective, teacher, entries);
        }
    }

    /** The same for another task. */
    public Trainer(
            Model model, GraphInput input, Parameters parameters, QuantizedCells cells, Task task, Backend backend) {
        this.backend = backend;
        this.memory = backend.newMemory("training");
        this.input = input;
        this.parameters = parameters;
        this.cells = cells;
        this.best = new Checkpoint(parameters, cells, backend);
        this.state = StepState.allocate(memory);
        this.hostState = StepState.allocate(host);
        this.metrics = FloatMatrix.allocate(memory, 1, 2);
        this.hostMetrics = FloatMatrix.allocate(host, 1, 2);
        this.step = stepPlan(model, task);
        this.calibration = learnsRanges() ? evaluationPlan(model, Phase.CALIBRATE) : null;
        this.evaluation =
                evaluationPlan(model, cells == null ? Phase.EVALUATE : learnsRanges() ? Phase.FROZEN : Phase.CALIBRATE);
    }

    private boolean learnsRanges() {
        return cells != null && !cells.learnedRanges().isEmpty();
    }

    private Plan stepPlan(Model model, Task task) {
        Tape tape = new Tape();
        tape.nextStep(state);
        Phase phase = cells == null ? Phase.TRAIN : Phase.FINE_TUNE;
        Forward forward = new Forward(tape, phase, input, parameters, cells, state);
        Value logits = model.logits(forward);
        tape.backward(logits, lossGradient(tape, logits, task));
        TrainingLoop.adam(tape, forward, parameters, state);
        task.frozen()
                .forEach((name, entries) ->
                        PowerFunctions.hold(tape, forward.parameterValues().get(name), upload(entries)));
        if (learnsRanges()) {
            float factor = cells.config().qat().stepRate();
            cells.learnedRanges().values().forEach(r -> LearnedQuantFunctions.step(tape, r, factor, state));
        }
        return Plan.compile(tape, backend, memory);
    }

    private Value lossGradient(Tape tape, Value logits, Task task) {
        Objective objective = task.objective();
        Correction correction = objective.labelLoss().correction();
        Value grad = correction == null
                ? tape.crossEntropy(logits, input.labels(), input.train(), metrics)
                : LossFunctions.correctedCrossEntropy(
                        tape,
                        logits,
                        input.labels(),
                        input.train(),
                        correction,
                        upload(objective.noiseMatrix(logits.cols())),
                        metrics);
        if (objective.distillation() == null) {
            return grad;
        }
        Objective.Distillation d = objective.distillation();
        return LossFunctions.distill(tape, logits, upload(task.teacher()), d.temperature(), d.weight(), grad, metrics);
    }

    private FloatMatrix upload(float[][] rows) {
        FloatMatrix matrix = FloatMatrix.allocate(memory, rows.length, rows[0].length);
        Transfer.copy(backend, rows, matrix);
        return matrix;
    }

    private Plan evaluationPlan(Model model, Phase phase) {
        Tape tape = new Tape();
        Value logits = model.logits(new Forward(tape, phase, input, parameters, cells, state));
        tape.evaluate(logits, input.labels(), input.validation(), metrics);
        return Plan.compile(tape, backend, memory);
    }

    /** Sets every range from the present parameters and makes no step: of a loss that is not finite it knows nothing. */
    public void calibrate() {
        (learnsRanges() ? calibration : evaluation).run();
        backend.finish();
    }

    /** Trains from the present parameters and leaves the best checkpoint, ranges included; returns its validation metrics. */
    public Metrics train(TrainConfig config, long seed) {
        if (learnsRanges()) {
            calibration.run();
        }
        return trainFurther(config, seed);
    }

    /** The same from the ranges as they are: what was learned of them is not calibrated away. */
    public Metrics trainFurther(TrainConfig config, long seed) {
        parameters.resetMoments();
        if (learnsRanges()) {
            cells.learnedRanges().values().forEach(this::resetMoments);
        }
        return TrainingLoop.run(config, best, this::validate, epoch -> step(seed, epoch, config.learningRate(epoch)));
    }

    /** Validation metrics of the present parameters with every range set anew, learned ones included. */
    public Metrics calibrateAndValidate() {
        if (learnsRanges()) {
            calibration.run();
        }
        return validate();
    }

    /**
     * Makes step {@code number}, from 0, of these parameters, whose moments go on, and keeps no checkpoint: they may meet
     * another trainer at every step.
     */
    public void step(long seed, int number, float learningRate) {
        hostState.set(seed, number, learningRate);
        backend.upload(hostState.data(), state.data(), StepState.BYTES);
        step.run();
    }

    private void resetMoments(LearnedRanges ranges) {
        backend.elementwise().zero(ranges.m());
        backend.elementwise().zero(ranges.v());
    }

    /** Validation metrics of the present parameters; in fine-tuning this sets every range that is not learned. */
    public Metrics validate() {
        evaluation.run();
        return read(input.validation());
    }

    /** Metrics of the present parameters on {@code nodes}. */
    public static Metrics evaluate(
            Model model, GraphInput input, Parameters parameters, IntArray nodes, Backend backend) {
        try (Memory memory = backend.newMemory("training");
                HostMemory host = new HostMemory()) {
            Tape tape = new Tape();
            FloatMatrix metrics = FloatMatrix.allocate(memory, 1, 2);
            Value logits = model.logits(new Forward(tape, Phase.EVALUATE, input, parameters, null, null));
            tape.evaluate(logits, input.labels(), nodes, metrics);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            FloatMatrix result = FloatMatrix.allocate(host, 1, 2);
            backend.download(metrics.data(), result.data(), result.bytes());
            return metrics(result, nodes);
        }
    }

    /** fp32 logits of {@code parameters}, N x C: what a teacher of these parameters says of every node. */
    public static float[][] logits(Model model, GraphInput input, Parameters parameters, Backend backend) {
        try (Memory memory = backend.newMemory("teacher")) {
            Tape tape = new Tape();
            Value logits = model.logits(new Forward(tape, Phase.EVALUATE, input, parameters, null, null));
            FloatMatrix out = FloatMatrix.allocate(memory, logits.rows(), logits.cols());
            tape.output(logits, out);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            return Transfer.download(backend, out);
        }
    }

    private Metrics read(IntArray nodes) {
        backend.download(metrics.data(), hostMetrics.data(), hostMetrics.bytes());
        return metrics(hostMetrics, nodes);
    }

    private static Metrics metrics(FloatMatrix values, IntArray nodes) {
        return new Metrics(values.get(0, 0), nodes.size() == 0 ? 0 : 100.0 * values.get(0, 1) / nodes.size());
    }

    @Override
    public void close() {
        step.close();
        evaluation.close();
        if (calibration != null) {
            calibration.close();
        }
        best.close();
        memory.close();
        host.close();
    }
}
