package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.Tape;
import org.sgquant.data.Dataset;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Forward;
import org.sgquant.model.GraphInput;
import org.sgquant.model.Parameters;
import org.sgquant.model.Phase;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.quant.DegreeBuckets;
import org.sgquant.search.SearchSpace;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.train.Trainer;

/**
 * What each cell's width does to trained models, cell by cell and without fine-tuning: measured by packed inference, and
 * estimated by curvature.
 *
 * <p>Cells that are not looked at stay at {@value #REST} bits, the widest that is packed, so that every layer computes in
 * the order it has when all are packed. All numbers are means over the models.
 */
public final class Sensitivity {

    /** What a cell's loss is taken to be. */
    public enum Score {
        /** Measured, KL(p_fp32 || p) with this cell alone quantized. */
        DIVERGENCE,
        /** Predicted, {@code 1/2 sum F_ij (Q(x) - x)_ij^2}, F the diagonal of the Fisher information. */
        FISHER
    }

    /** Probes of each model's curvature. */
    public static final int PROBES = 50;

    /** Width of the cells that are not looked at. */
    static final int REST = 16;

    /**
     * A cell, or its part of one degree bucket, at one width.
     *
     * @param bits id of the width
     * @param onlyThisDrop points of validation accuracy lost where only this is quantized to {@code bits}
     * @param allButThisDrop points lost where all others are quantized to {@code bits}, or to their nearest width
     * @param divergence KL(p_fp32 || p) of the predictions, mean over all nodes, where only this is quantized
     * @param squaredError |Q(x) - x|^2 of the tensor
     * @param trace of the Fisher information, {@link FisherTraces}; NaN for the features
     * @param curvature {@code trace / (2 n) squaredError}, n the values: the loss that HAWQ-V2 predicts; NaN as above
     * @param fisher {@code 1/2 sum F_ij (Q(x) - x)_ij^2}, F the diagonal of the Fisher information; NaN as above
     */
    public record Row(
            String cell,
            int bits,
            double onlyThisDrop,
            double allButThisDrop,
            double divergence,
            double squaredError,
            double trace,
            double curvature,
            double fisher) {}

    private record Effect(double drop, double divergence) {}

    private final Experiment experiment;
    private final BitSpace space;
    private final List<SearchSpace.Dimension> dimensions;
    private final DegreeBuckets buckets;

    public Sensitivity(Experiment experiment, BitSpace space) {
        this.experiment = experiment;
        this.space = space;
        this.dimensions = space.space().dimensions();
        this.buckets = space.assignment(0, REST, REST).buckets();
    }

    /**
     * A row per dimension of the space and width it may have, in this order; {@code progress} hears of each dimension of
     * each model.
     */
    public List<Row> rows(List<Experiment.Trained> starts, long seed, Consumer<String> progress) {
        List<List<Row>> perModel = experiment.lanes().map(starts.size(), m -> lane -> {
            try (TrialMemory known = new TrialMemory(lane.backend())) {
                return rows(lane, starts.get(m), known, seed, progress);
            }
        });
        return IntStream.range(0, perModel.get(0).size())
                .mapToObj(r -> mean(perModel.stream().map(rows -> rows.get(r)).toList()))
                .toList();
    }

    /**
     * The loss of every dimension at every width, mean over {@code starts}: the divergence, or what Fisher's diagonal says of
     * it, which has no number for the features and takes their divergence.
     */
    public double[][] losses(List<Experiment.Trained> starts, Score score, long seed) {
        List<double[][]> perModel = experiment.lanes().map(starts.size(), i -> lane -> {
            try (TrialMemory known = new TrialMemory(lane.backend())) {
                return losses(lane, starts.get(i), score, seed, known);
            }
        });
        double[][] mean = new double[dimensions.size()][];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = new double[dimensions.get(i).choices().size()];
            for (double[][] losses : perModel) {
                for (int c = 0; c < mean[i].length; c++) {
                    mean[i][c] += losses[i][c] / perModel.size();
                }
            }
        }
        return mean;
    }

    private double[][] losses(Lanes.Lane lane, Experiment.Trained start, Score score, long seed, TrialMemory known) {
        float[][] exact = logits(lane, start);
        FisherTraces traces = score == Score.FISHER ? traces(lane, start, seed) : null;
        double[][] losses = new double[dimensions.size()][];
        for (int i = 0; i < losses.length; i++) {
            List<Integer> widths = dimensions.get(i).choices();
            losses[i] = new double[widths.size()];
            for (int c = 0; c < losses[i].length; c++) {
                BitAssignment only = space.assignment(i, widths.get(c), REST);
                Cell cell = space.cell(i);
                losses[i][c] = traces != null && traces.has(cell)
                        ? rounded(lane, start, only, cell, known).divergence(traces, cell)
                        : effect(lane, start, only, exact, known).divergence();
            }
        }
        return losses;
    }

    private List<Row> rows(
            Lanes.Lane lane, Experiment.Trained start, TrialMemory known, long seed, Consumer<String> progress) {
        float[][] exact = logits(lane, start);
        FisherTraces traces = traces(lane, start, seed);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < dimensions.size(); i++) {
            String name = dimensions.get(i).cell();
            Cell cell = space.cell(i);
            double trace = traces.has(cell) ? traces.trace(cell, space.bucket(i)) : Double.NaN;
            for (int bits : dimensions.get(i).choices()) {
                BitAssignment only = space.assignment(i, bits, REST);
                Effect alone = effect(lane, start, only, exact, known);
                Effect others = effect(lane, start, allBut(i, bits), exact, known);
                Rounded rounded = rounded(lane, start, only, cell, known);
                double error = rounded.squaredError();
                rows.add(new Row(
                        name,
                        bits,
                        alone.drop(),
                        others.drop(),
                        alone.divergence(),
                        error,
                        trace,
                        trace / (2 * space.values(i)) * error,
                        traces.has(cell) ? rounded.divergence(traces, cell) : Double.NaN));
            }
            progress.accept(name);
        }
        return rows;
    }

    /** Every dimension but {@code i} at its width nearest to {@code bits}. */
    private BitAssignment allBut(int i, int bits) {
        List<Integer> widths =
                dimensions.stream().map(d -> SensitivityTable.nearest(d, bits)).toList();
        return space.assignmentBut(i, widths, REST);
    }

    private Effect effect(
            Lanes.Lane lane, Experiment.Trained start, BitAssignment bits, float[][] exact, TrialMemory known) {
        try (QuantizedModel model = experiment.calibrated(lane, start, bits, known)) {
            float[][] logits = model.run();
            Dataset data = model.input().dataset();
            double accuracy = Predictions.metrics(
                            logits, data.labels(), data.split().validation())
                    .accuracy();
            return new Effect(start.validation().accuracy() - accuracy, divergence(exact, logits));
        }
    }

    /** {@code KL(p || q)}, mean over the rows. */
    static double divergence(float[][] exact, float[][] other) {
        double sum = 0;
        for (int i = 0; i < exact.length; i++) {
            double[] p = Predictions.softmax(exact[i]);
            double[] q = Predictions.softmax(other[i]);
            for (int c = 0; c < p.length; c++) {
                sum += p[c] == 0 ? 0 : p[c] * (Math.log(p[c]) - Math.log(Math.max(q[c], Double.MIN_NORMAL)));
            }
        }
        return sum / exact.length;
    }

    private float[][] logits(Lanes.Lane lane, Experiment.Trained start) {
        GraphInput input = lane.input(buckets);
        try (Parameters parameters = Experiment.parameters(lane, experiment.model(), start.weights())) {
            return Trainer.logits(experiment.model(), input, parameters, lane.backend());
        }
    }

    private FisherTraces traces(Lanes.Lane lane, Experiment.Trained start, long seed) {
        try (Parameters parameters = Experiment.parameters(lane, experiment.model(), start.weights())) {
            return FisherTraces.of(
                    experiment.model(), lane.input(buckets), parameters, buckets, PROBES, seed, lane.backend());
        }
    }

    /** A tensor before and after its quantization. */
    private record Rounded(float[][] exact, float[][] quantized) {

        double divergence(FisherTraces traces, Cell cell) {
            return traces.divergence(cell, exact, quantized);
        }

        /** {@code |Q(x) - x|^2}. */
        double squaredError() {
            double sum = 0;
            for (int i = 0; i < exact.length; i++) {
                for (int c = 0; c < exact[i].length; c++) {
                    double d = (double) exact[i][c] - quantized[i][c];
                    sum += d * d;
                }
            }
            return sum;
        }
    }

    /** The tensor of {@code cell}, with ranges of its own. */
    private Rounded rounded(
            Lanes.Lane lane, Experiment.Trained start, BitAssignment bits, Cell cell, TrialMemory known) {
        Backend backend = lane.backend();
        try (QuantizedModel model = experiment.quantizedModel(lane, start.weights(), bits, known);
                Memory memory = backend.newMemory("sensitivity")) {
            Tape tape = new Tape();
            Forward forward =
                    new Forward(tape, Phase.CALIBRATE, model.input(), model.parameters(), model.cells(), null);
            model.model().logits(forward);
            Forward.CellValue value = forward.cellValues().get(cell);
            FloatMatrix exact = tape.output(value.exact(), memory);
            FloatMatrix quantized = tape.output(value.quantized(), memory);
            try (Plan plan = Plan.compile(tape, backend, memory)) {
                plan.run();
            }
            return new Rounded(Transfer.download(backend, exact), Transfer.download(backend, quantized));
        }
    }

    private static Row mean(List<Row> rows) {
        double[] sums = new double[7];
        for (Row row : rows) {
            double[] values = {
                row.onlyThisDrop(),
                row.allButThisDrop(),
                row.divergence(),
                row.squaredError(),
                row.trace(),
                row.curvature(),
                row.fisher()
            };
            for (int i = 0; i < sums.length; i++) {
                sums[i] += values[i] / rows.size();
            }
        }
        return new Row(
                rows.get(0).cell(), rows.get(0).bits(), sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6]);
    }
}
