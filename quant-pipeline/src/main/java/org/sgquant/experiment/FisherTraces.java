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
 * {@code diag(F_c) = E (J_c^T v)^2}, squared entry by entry: the diagonal of the Fisher information of every cell c, weights
 * and activations alike, all of them from each probe v; its sum is the trace.
 *
 * <p>F is that of the mean cross-entropy over all N nodes under the model's own predictions p, which is its Gauss-Newton
 * Hessian: no label is read, so it rests on all nodes and not on the few that have one. With
 * {@code S_i = diag(sqrt p_i) - p_i sqrt(p_i)^T}, {@code S_i S_i^T = diag(p_i) - p_i p_i^T}, a probe is
 * {@code v_i = S_i r_i / sqrt(N)}, r of random signs: Hutchinson's estimate on the outputs, one backward pass each. A
 * cell whose rows are nodes or edges has a trace per degree bucket of the (target) node. The features are data and have
 * no gradient. Sources: Hutchinson 1990; Dong et al., HAWQ-V2, NeurIPS 2020, which takes the Hessian's trace by layer.
 */
final class FisherTraces {

    private final GraphInput input;
    private final int[] bounds;
    private final Backend backend;
    private final SortedMap<Cell, double[][]> diagonals = new TreeMap<>();

    private FisherTraces(GraphInput input, DegreeBuckets buckets, Backend backend) {
        this.input = input;
        this.bounds = buckets.bounds(input.degrees());
        this.backend = backend;
    }

    /**
     * The mean over {@code probes} of each cell's diagonal, in the shape of the cell.
     *
     * @param input nodes in the order of {@code buckets}
     */
    static FisherTraces of(
            Model model,
            GraphInput input,
            Parameters parameters,
            DegreeBuckets buckets,
            int probes,
            long seed,
            Backend backend) {
        FisherTraces traces = new FisherTraces(input, buckets, backend);
        traces.probe(model, parameters, probes, seed);
        return traces;
    }

    /** Whether {@code cell} has gradients. */
    boolean has(Cell cell) {
        return diagonals.containsKey(cell);
    }

    /** Of the rows of {@code bucket}; all rows of a weight are in bucket 0. */
    double trace(Cell cell, int bucket) {
        double[][] diagonal = diagonals.get(cell);
        List<Integer> first = firstRows(cell, diagonal.length);
        double sum = 0;
        for (int i = first.get(bucket); i < first.get(bucket + 1); i++) {
            for (double value : diagonal[i]) {
                sum += value;
            }
        }
        return sum;
    }

    /**
     * {@code 1/2 sum_ij F_ij (b_ij - a_ij)^2}: the divergence to second order, entries for themselves. Stored weights of edges
     * may lie in a row where their gradients are a column.
     */
    double divergence(Cell cell, float[][] a, float[][] b) {
        double[][] diagonal = diagonals.get(cell);
        int cols = a[0].length;
        if ((long) diagonal.length * diagonal[0].length != (long) a.length * cols) {
            throw new IllegalArgumentException("cell " + cell + " has " + a.length + " x " + cols
                    + " values and gradients of " + diagonal.length + " x " + diagonal[0].length);
        }
        double sum = 0;
        int entry = 0;
        for (double[] row : diagonal) {
            for (double value : row) {
                double difference = (double) b[entry / cols][entry % cols] - a[entry / cols][entry % cols];
                sum += value * difference * difference;
                entry++;
            }
        }
        return sum / 2;
    }

    private void probe(Model model, Parameters parameters, int probes, long seed) {
        float[][] logits = Trainer.logits(model, input, parameters, backend);
        try (Memory memory = backend.newMemory("probes")) {
            FloatMatrix probe = FloatMatrix.allocate(memory, logits.length, logits[0].length);
            Tape tape = new Tape();
            Forward forward = new Forward(tape, Phase.PROBE, input, parameters, null, null);
            Value out = model.logits(forward);
            tape.backward(out, tape.constant(probe));
            SortedMap<Cell, FloatMatrix> gradients = gradients(tape, forward, memory);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                for (int p = 0; p < probes; p++) {
                    Transfer.copy(backend, probe(logits, CounterRandom.key(seed, p, 0)), probe);
                    plan.run();
                    gradients.forEach((cell, g) -> addSquares(cell, Transfer.download(backend, g), probes));
                }
            }
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

    private void addSquares(Cell cell, float[][] gradient, int probes) {
        double[][] sums = diagonals.computeIfAbsent(cell, c -> new double[gradient.length][gradient[0].length]);
        for (int i = 0; i < gradient.length; i++) {
            for (int c = 0; c < gradient[i].length; c++) {
                sums[i][c] += (double) gradient[i][c] * gradient[i][c] / probes;
            }
        }
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
}
