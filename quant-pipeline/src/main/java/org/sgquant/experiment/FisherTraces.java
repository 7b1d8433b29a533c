package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.quant.Cell;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.train.Trainer;

/**
 * {@code tr(F_c) = E |J_c^T v|^2}: the trace of the Fisher information of every cell c, weights and activations alike,
 * all of them from each probe v.
 *
 * <p>F is that of the mean cross-entropy over all N nodes under the model's own predictions p, which is its Gauss-Newton
 * Hessian: no label is read, so it rests on all nodes and not on the few that have one. With
 * {@code S_i = diag(sqrt p_i) - p_i sqrt(p_i)^T}, {@code S_i S_i^T = diag(p_i) - p_i p_i^T}, a probe is
 * {@code v_i = S_i r_i / sqrt(N)}, r of random signs: Hutchinson's estimate on the outputs, one backward pass each. A cell
 * whose rows are nodes or edges has a trace per degree bucket of the (target) node. The features are data and have
 * none. Sources: Hutchinson 1990; Dong et al., HAWQ-V2, NeurIPS 2020, which takes the Hessian's trace by layer.
 */
final class FisherTraces {

    private final GraphInput input;
    private final int[] bounds;
    private final Backend backend;

    private FisherTraces(GraphInput input, DegreeBuckets buckets, Backend backend) {
        this.input = input;
        this.bounds = buckets.bounds(input.degrees());
        this.backend = backend;
    }

    /**
     * The mean over {@code probes} of each cell's trace, by bucket; a single number for weights.
     *
     * @param input nodes in the order of {@code buckets}
     */
    static SortedMap<Cell, double[]> of(
            Model model,
            GraphInput input,
            Parameters parameters,
            DegreeBuckets buckets,
            int probes,
            long seed,
            Backend backend) {
        return new FisherTraces(input, buckets, backend).traces(model, parameters, probes, seed);
    }

    private SortedMap<Cell, double[]> traces(Model model, Parameters parameters, int probes, long seed) {
        float[][] logits = Trainer.logits(model, input, parameters, backend);
        try (Memory memory = backend.newMemory("probes")) {
            FloatMatrix probe = FloatMatrix.allocate(memory, logits.length, logits[0].length);
            Tape tape = new Tape();
            Forward forward = new Forward(tape, Phase.PROBE, input, parameters, null, null);
            Value out = model.logits(forward);
            tape.backward(out, tape.constant(probe));
            SortedMap<Cell, FloatMatrix> gradients = gradients(tape, forward, memory);
            SortedMap<Cell, double[]> sums = new TreeMap<>();
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                for (int p = 0; p < probes; p++) {
                    Transfer.copy(backend, probe(logits, CounterRandom.key(seed, p, 0)), probe);
                    plan.run();
                    gradients.forEach((cell, g) -> add(sums, cell, squares(cell, g)));
                }
            }
            sums.values().forEach(s -> divide(s, probes));
            return sums;
        }
    }

    private static SortedMap<Cell, FloatMatrix> gradients(Tape tape, Forward forward, Memory memory) {
        SortedMap<Cell, FloatMatrix> gradients = new TreeMap<>();
        for (Map.Entry<Cell, Forward.CellValue> entry : forward.cellValues().entrySet()) {
            if (entry.getValue().exact().requiresGrad()) {
                gradients.put(
                        entry.getKey(),
                        tape.output(tape.gradient(entry.getValue().exact()), memory));
            }
        }
        return gradients;
    }

    /** {@code v_i = (sqrt(p_i) r_i - p_i (sqrt(p_i) . r_i)) / sqrt(N)}. */
    private static float[][] probe(float[][] logits, long key) {
        float[][] rows = new float[logits.length][];
        int index = 0;
        double scale = 1 / Math.sqrt(logits.length);
        for (int i = 0; i < rows.length; i++) {
            double[] p = Predictions.softmax(logits[i]);
            double[] signed = new double[p.length];
            double sum = 0;
            for (int c = 0; c < p.length; c++) {
                signed[c] = CounterRandom.bits(key, index++) < 0 ? -Math.sqrt(p[c]) : Math.sqrt(p[c]);
                sum += signed[c];
            }
            rows[i] = new float[p.length];
            for (int c = 0; c < p.length; c++) {
                rows[i][c] = (float) (scale * (signed[c] - p[c] * sum));
            }
        }
        return rows;
    }

    /** Squared norm of a gradient, by the bucket that each row belongs to. */
    private double[] squares(Cell cell, FloatMatrix gradient) {
        float[][] g = Transfer.download(backend, gradient);
        List<Integer> firstRows = firstRows(cell, g.length);
        double[] sums = new double[firstRows.size() - 1];
        for (int b = 0; b < sums.length; b++) {
            for (int i = firstRows.get(b); i < firstRows.get(b + 1); i++) {
                for (float value : g[i]) {
                    sums[b] += (double) value * value;
                }
            }
        }
        return sums;
    }

    /** The first row of each bucket and the number of rows: rows are nodes, edges by target, or of a weight. */
    private List<Integer> firstRows(Cell cell, int rows) {
        if (cell.component().isWeight()) {
            return List.of(0, rows);
        }
        List<Integer> first = new ArrayList<>();
        for (int bound : bounds) {
            first.add(cell.component().hasRowPerNode() ? bound : input.edgeRowPtr()[bound]);
        }
        return first;
    }

    private static void add(SortedMap<Cell, double[]> sums, Cell cell, double[] more) {
        double[] sum = sums.computeIfAbsent(cell, c -> new double[more.length]);
        for (int b = 0; b < sum.length; b++) {
            sum[b] += more[b];
        }
    }

    private static void divide(double[] values, int by) {
        for (int b = 0; b < values.length; b++) {
            values[b] /= by;
        }
    }
}
