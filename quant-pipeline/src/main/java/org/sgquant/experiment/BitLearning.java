package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.sgquant.kernels.Transfer;
import org.sgquant.model.Model;
import org.sgquant.model.QuantizedModel;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.Cell;
import org.sgquant.search.LearnedWidths;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.train.TrainConfig;

/**
 * Learns a width per cell and degree bucket: short fine-tunings with learned steps at whole widths, between which the
 * real-valued {@link LearnedWidths} descend on the errors that were summed on the way.
 *
 * <p>The error of a slot is {@code sum |dL/dx'| |x' - x|}: A2Q's local error of a node weighted by the gradient of the
 * task, summed over the nodes that share the width, so that no label is needed where the width applies. Features, edge
 * weights, cells at 32 bits and weights made of powers of two keep the widths of the start: rounding to a power of two
 * errs by at most a third of the value at any width, so that there is little to learn.
 */
public final class BitLearning {

    /** How long: rounds, and the fine-tuning of each. */
    public record Settings(double targetBits, double penalty, int rounds, TrainConfig fineTune) {
        public Settings {
            LearnedWidths.requireTarget(targetBits, penalty);
            if (rounds < 1 || fineTune.epochs() < 1) {
                throw new IllegalArgumentException("learning bits needs at least one round of one epoch, got " + rounds
                        + " rounds of " + fineTune.epochs() + " epochs");
            }
        }
    }

    private final Experiment experiment;
    private final Settings settings;

    public BitLearning(Experiment experiment, Settings settings) {
        this.experiment = experiment.withLearnedSteps();
        this.settings = settings;
    }

    private record Slot(Cell cell, int bucket, long values, int start) {}

    /** What a fine-tuning leaves: its weights, and the error of every slot. */
    private record Round(List<float[][]> weights, List<Slot> slots, double[] errors) {}

    /**
     * Learns from {@code start} on for all of {@code models}, whose errors are averaged; {@code progress} hears of the
     * assignment that each round measured. A round goes on from the weights of the one before; its teacher, if any, is the
     * fp32 model.
     *
     * @throws IllegalArgumentException where no cell has a width to learn, or one starts as a float
     */
    public BitAssignment run(List<Experiment.Trained> models, BitAssignment start, Consumer<BitAssignment> progress) {
        requireIntegers(experiment.model(), start);
        List<List<float[][]>> weights =
                models.stream().map(Experiment.Trained::weights).toList();
        LearnedWidths widths = null;
        List<Slot> slots = List.of();
        BitAssignment bits = start;
        for (int round = 0; round < settings.rounds(); round++) {
            progress.accept(bits);
            List<Round> results = measure(models, weights, bits);
            if (widths == null) {
                slots = results.get(0).slots();
                if (slots.isEmpty()) {
                    throw new IllegalArgumentException("learning bits: no cell of " + start + " has a width to learn");
                }
                widths = new LearnedWidths(
                        slots.stream().mapToLong(Slot::values).toArray(),
                        slots.stream().mapToInt(Slot::start).toArray(),
                        settings.targetBits(),
                        settings.penalty());
            }
            widths.update(meanErrors(results), widths.nearest());
            weights = results.stream().map(Round::weights).toList();
            bits = assignment(start, slots, widths.nearest());
        }
        return assignment(start, slots, widths.withinTarget());
    }

    /** Refuses, before anything is trained, floats: their scales are not learned. */
    public static void requireIntegers(Model model, BitAssignment start) {
        for (Cell cell : model.cellNames()) {
            for (BitWidth width : start.widths(cell)) {
                if (width.isFloat()) {
                    throw new IllegalArgumentException("learning bits: " + cell + " starts at " + width
                            + ", a float, whose scales are not learned; choose an integer width");
                }
            }
        }
    }

    private List<Round> measure(List<Experiment.Trained> models, List<List<float[][]>> weights, BitAssignment bits) {
        return experiment.lanes().map(models.size(), i -> lane -> {
            try (QuantizedModel tuned =
                    experiment.fineTuned(lane, models.get(i), weights.get(i), bits, settings.fineTune())) {
                List<Slot> slots = new ArrayList<>();
                List<Double> errors = new ArrayList<>();
                for (Map.Entry<Cell, LearnedRanges> learned :
                        tuned.cells().learnedRanges().entrySet()) {
                    QuantScheme scheme = learned.getValue().scheme();
                    float[][] error =
                            Transfer.download(lane.backend(), learned.getValue().error());
                    for (int b = 0; b < error.length; b++) {
                        QuantScheme.Block block = scheme.blocks().get(b);
                        if (block.bits().isPacked()) {
                            long values = (long) block.rows() * scheme.cols();
                            slots.add(new Slot(
                                    learned.getKey(), b, values, block.bits().bits()));
                            errors.add(sum(error[b]));
                        }
                    }
                }
                return new Round(
                        tuned.parameters().toHost(),
                        slots,
                        errors.stream().mapToDouble(Double::doubleValue).toArray());
            }
        });
    }

    private static double sum(float[] row) {
        double sum = 0;
        for (float value : row) {
            sum += value;
        }
        return sum;
    }

    private static double[] meanErrors(List<Round> results) {
        double[] mean = new double[results.get(0).errors().length];
        for (Round result : results) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += result.errors()[i] / results.size();
            }
        }
        return mean;
    }

    private BitAssignment assignment(BitAssignment start, List<Slot> slots, int[] widths) {
        Map<Cell, List<BitWidth>> assigned = new LinkedHashMap<>();
        experiment.model().cellNames().forEach(cell -> assigned.put(cell, new ArrayList<>(start.widths(cell))));
        for (int i = 0; i < slots.size(); i++) {
            assigned.get(slots.get(i).cell()).set(slots.get(i).bucket(), BitWidth.of(widths[i]));
        }
        return BitAssignment.of(assigned, start.buckets());
    }
}
