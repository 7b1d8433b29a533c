package org.sgquant.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.model.BatchCells;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.ModelSizes;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

/**
 * Trains or fine-tunes one model on batches of graphs and keeps the checkpoint of best validation accuracy.
 *
 * <p>Batches come in partitions of the training graphs: an epoch takes one partition, its batches in an order drawn from
 * the seed. Every batch has a plan of its own, compiled once; all plans share one slab. In fine-tuning, ranges are set
 * from {@code calibration} before each epoch and frozen within it.
 */
public final class BatchTrainer implements AutoCloseable {

    private final Backend backend;
    private final Memory memory;
    private final HostMemory host = new HostMemory();
    private final ModelConfig config;
    private final Parameters parameters;
    private final Checkpoint best;
    private final StepState state;
    private final StepState hostState;
    private final FloatMatrix metrics;
    private final FloatMatrix hostMetrics;
    private final QuantizedCells ranges;
    private final List<QuantizedCells> cells = new ArrayList<>();
    private final List<List<Plan>> partitions = new ArrayList<>();
    private final int validationGraphs;
    private final Plan validation;
    private final Plan calibration;
    private int stepsDone;

    /**
     * {@code ranges} and {@code calibration} are null for fp32 training; {@code parameters} are trained in place.
     *
     * @param calibration training graphs whose rows {@code ranges} has
     */
    public BatchTrainer(
            ModelConfig config,
            List<List<GraphInput>> batches,
            GraphInput calibration,
            GraphInput validation,
            Parameters parameters,
            QuantizedCells ranges,
            Backend backend) {
        this.backend = backend;
        this.memory = backend.newMemory("training");
        this.config = config;
        this.parameters = parameters;
        this.ranges = ranges;
        this.best = new Checkpoint(parameters, ranges, backend);
        this.state = StepState.allocate(memory);
        this.hostState = StepState.allocate(host);
        this.metrics = FloatMatrix.allocate(memory, 1, 2);
        this.hostMetrics = FloatMatrix.allocate(host, 1, 2);
        this.validationGraphs = validation.validation().size();
        List<Tape> tapes = new ArrayList<>();
        batches.forEach(partition -> partition.forEach(batch -> tapes.add(step(batch))));
        tapes.add(evaluation(validation, cells(validation), ranges == null ? Phase.EVALUATE : Phase.FROZEN));
        if (ranges != null) {
            tapes.add(evaluation(calibration, ranges, Phase.CALIBRATE));
        }
        List<Plan> plans = Plan.compile(tapes, backend, memory);
        int next = 0;
        for (List<GraphInput> partition : batches) {
            partitions.add(plans.subList(next, next + partition.size()));
            next += partition.size();
        }
        this.validation = plans.get(next);
        this.calibration = ranges == null ? null : plans.get(next + 1);
    }

    private QuantizedCells cells(GraphInput input) {
        if (ranges == null) {
            return null;
        }
        QuantizedCells shared = BatchCells.sharing(ranges, model(input), input);
        cells.add(shared);
        return shared;
    }

    private Model model(GraphInput input) {
        return config.create(ModelSizes.of(input));
    }

    private Tape step(GraphInput batch) {
        Tape tape = new Tape();
        tape.nextStep(state);
        Phase phase = ranges == null ? Phase.TRAIN : Phase.FINE_TUNE;
        Forward forward = new Forward(tape, phase, batch, parameters, cells(batch), state);
        Value logits = model(batch).logits(forward);
        tape.backward(logits, tape.crossEntropy(logits, batch.labels(), batch.train(), metrics));
        TrainingLoop.adam(tape, forward, parameters, state);
        return tape;
    }

    private Tape evaluation(GraphInput input, QuantizedCells quantized, Phase phase) {
        Tape tape = new Tape();
        Value logits = model(input).logits(new Forward(tape, phase, input, parameters, quantized, state));
        tape.evaluate(logits, input.labels(), input.validation(), metrics);
        return tape;
    }

    /** Trains from the present parameters and leaves the best checkpoint, ranges included; returns its validation metrics. */
    public Metrics train(TrainConfig schedule, long seed) {
        parameters.resetMoments();
        stepsDone = 0;
        return TrainingLoop.run(schedule, best, this::validate, epoch -> epoch(schedule, epoch, seed));
    }

    private void epoch(TrainConfig schedule, int epoch, long seed) {
        List<Plan> batches = new ArrayList<>(partitions.get(epoch % partitions.size()));
        Collections.shuffle(batches, new Random(seed * 31 + epoch));
        for (Plan batch : batches) {
            hostState.set(seed, stepsDone++, schedule.learningRate(epoch));
            backend.upload(hostState.data(), state.data(), StepState.BYTES);
            batch.run();
        }
    }

    /** Validation metrics of the present parameters; in fine-tuning this sets every range. */
    public Metrics validate() {
        if (calibration != null) {
            calibration.run();
        }
        validation.run();
        backend.download(metrics.data(), hostMetrics.data(), hostMetrics.bytes());
        return new Metrics(hostMetrics.get(0, 0), 100.0 * hostMetrics.get(0, 1) / Math.max(validationGraphs, 1));
    }

    @Override
    public void close() {
        partitions.forEach(p -> p.forEach(Plan::close));
        validation.close();
        if (calibration != null) {
            calibration.close();
        }
        cells.forEach(QuantizedCells::close);
        best.close();
        memory.close();
        host.close();
    }
}
