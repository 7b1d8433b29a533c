package org.sgquant.train;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.data.Features;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.PowerLevels;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Model;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.quant.Cell;
import org.sgquant.quant.FreezingOrder;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.quant.WeightConfig;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/**
 * Turns weights into powers of two step by step: a share of them is rounded and frozen, the rest trains on to make up
 * for it, until all are frozen; the highest level of a weight is fixed at the start by its largest magnitude.
 *
 * <p>Source: Zhou et al., ICLR 2017 (INQ), algorithm 1; the orders are those of {@link FreezingOrder}.
 */
public final class PowerFreezing {

    private final Model model;
    private final GraphInput input;
    private final Parameters parameters;
    private final QuantizedCells cells;
    private final Backend backend;
    private final WeightConfig.Powers powers;

    /** Weights without a highest level in {@code cells} train throughout, as do all other parameters. */
    public PowerFreezing(Model model, GraphInput input, Parameters parameters, QuantizedCells cells, Backend backend) {
        this.model = model;
        this.input = input;
        this.parameters = parameters;
        this.cells = cells;
        this.backend = backend;
        this.powers = cells.config().weights().powers();
    }

    /** Splits the epochs of {@code config} over the steps but the last; returns the metrics after the last. */
    public Metrics train(TrainConfig config, long seed, Trainer.Task task) {
        Map<String, Frozen> frozen = start();
        Map<String, long[]> usage = usage();
        List<Double> shares = powers.shares();
        Metrics metrics = null;
        for (int step = 0; step < shares.size(); step++) {
            boolean last = step == shares.size() - 1;
            long stepSeed = seed + 1_000_003L * step;
            for (Frozen f : frozen.values()) {
                f.freeze(shares.get(step), powers.order(), usage.get(f.name), stepSeed);
            }
            Map<String, float[][]> held = new HashMap<>();
            frozen.forEach((name, f) -> held.put(name, f.values));
            try (Trainer trainer = new Trainer(model, input, parameters, cells, task.withFrozen(held), backend)) {
                int epochs = last ? 0 : config.epochs() / (shares.size() - 1);
                TrainConfig ofStep = config.withEpochs(epochs);
                metrics = step == 0 ? trainer.train(ofStep, stepSeed) : trainer.trainFurther(ofStep, stepSeed);
                // The ranges of messages and embeddings are those of the checkpoint.
                trainer.validate();
            }
        }
        return metrics;
    }

    private Map<String, Frozen> start() {
        Map<String, Frozen> frozen = new HashMap<>();
        cells.tops().forEach((cell, top) -> {
            FloatMatrix parameter = parameters.get(cell.toString()).value();
            float max = 0;
            for (float[] row : Transfer.download(backend, parameter)) {
                for (float x : row) {
                    max = Math.max(max, Math.abs(x));
                }
            }
            float highest = PowerLevels.top(max);
            Transfer.copy(backend, new float[][] {{highest}}, top);
            frozen.put(cell.toString(), new Frozen(cell, parameter, highest));
        });
        return frozen;
    }

    /** How many rows of what each weight multiplies are not 0 in the column that meets a row of the weight. */
    private Map<String, long[]> usage() {
        Map<String, long[]> usage = new HashMap<>();
        try (Memory memory = backend.newMemory("usage")) {
            Tape tape = new Tape();
            Forward forward = new Forward(tape, Phase.EVALUATE, input, parameters, null, null);
            model.logits(forward);
            Map<String, FloatMatrix> dense = new HashMap<>();
            for (Cell cell : cells.tops().keySet()) {
                Value w = forward.parameterValues().get(cell.toString());
                Value x = forward.factors().get(w);
                if (x == null || x.isSparse()) {
                    usage.put(cell.toString(), x == null ? ones(w.rows()) : featureUsage());
                } else {
                    FloatMatrix copy = FloatMatrix.allocate(memory, x.rows(), x.cols());
                    tape.output(x, copy);
                    dense.put(cell.toString(), copy);
                }
            }
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            dense.forEach((name, x) -> usage.put(name, columnUsage(Transfer.download(backend, x), x.cols())));
        }
        return usage;
    }

    private static long[] ones(int rows) {
        long[] ones = new long[rows];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static long[] columnUsage(float[][] rows, int cols) {
        long[] counts = new long[cols];
        for (float[] row : rows) {
            for (int c = 0; c < cols; c++) {
                counts[c] += row[c] != 0 ? 1 : 0;
            }
        }
        return counts;
    }

    private long[] featureUsage() {
        Features.Sparse features = (Features.Sparse) input.hostFeatures();
        long[] counts = new long[input.numFeatures()];
        for (int column : features.matrix().pattern().colIdx().toArray()) {
            counts[column]++;
        }
        return counts;
    }

    /** The frozen entries of one weight, NaN where an entry still trains. */
    private final class Frozen {

        private final String name;
        private final FloatMatrix parameter;
        private final float top;
        private final int bits;
        private final float[][] values;
        private int count;

        Frozen(Cell cell, FloatMatrix parameter, float top) {
            this.name = cell.toString();
            this.parameter = parameter;
            this.top = top;
            this.bits = cells.weightBits(cell);
            this.values = new float[parameter.rows()][parameter.cols()];
            for (float[] row : values) {
                Arrays.fill(row, Float.NaN);
            }
        }

        /** Rounds and freezes more entries, the first in order, until {@code share} of all are frozen. */
        void freeze(double share, FreezingOrder order, long[] usage, long seed) {
            float[][] w = Transfer.download(backend, parameter);
            int cols = parameter.cols();
            long wanted = Math.round(share * parameter.rows() * cols);
            for (int i : order.of(w, usage, top, bits, seed)) {
                if (count < wanted && Float.isNaN(values[i / cols][i % cols])) {
                    float level = PowerLevels.value(PowerLevels.code(w[i / cols][i % cols], top, bits), top, bits);
                    values[i / cols][i % cols] = level;
                    w[i / cols][i % cols] = level;
                    count++;
                }
            }
            Transfer.copy(backend, w, parameter);
        }
    }
}
