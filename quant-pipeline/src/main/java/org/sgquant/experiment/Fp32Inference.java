package org.sgquant.experiment;

import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.Backend;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** Inference of a trained model in fp32, traced once. */
public final class Fp32Inference implements AutoCloseable {

    private final Backend backend;
    private final Memory memory;
    private final Parameters parameters;
    private final FloatMatrix logits;
    private final Plan plan;

    public Fp32Inference(Model model, Lanes.Lane lane, Experiment.Trained trained) {
        backend = lane.backend();
        memory = backend.newMemory("inference");
        GraphInput input = lane.input(DegreeBuckets.NONE);
        parameters = new Parameters(model.parameters(), backend);
        for (int i = 0; i < trained.weights().size(); i++) {
            parameters.set(i, trained.weights().get(i));
        }
        Tape tape = new Tape();
        Value out = model.logits(new Forward(tape, Phase.EVALUATE, input, parameters, null, null));
        try {
            logits = FloatMatrix.allocate(memory, out.rows(), out.cols());
            tape.output(out, logits);
            plan = Plan.compile(tape, backend, memory);
        } catch (RuntimeException e) {
            parameters.close();
            memory.close();
            throw e;
        }
    }

    /** Runs once to the end. */
    public void run() {
        plan.run();
        backend.finish();
    }

    /** Of the last run, N x C, rows in the order of the lane's graph. */
    public FloatMatrix logits() {
        return logits;
    }

    @Override
    public void close() {
        plan.close();
        parameters.close();
        memory.close();
    }
}
