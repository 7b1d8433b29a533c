package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.sgquant.kernels.Transfer;
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
 * weights and cells at 32 bits keep the widths of the start.
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
    private record Round(Experiment.Trained model, List<Slot> slots, double[] errors) {}

    /**
     * Learns from {@code start} on for all of {@code models}, whose errors are averaged; {@code progress} hears of the
     * assignment that each round measured.
     */
    public BitAssignment run(List<Experiment.Trained> models, BitAssignment start, Consumer<BitAssignment> progress) {
        List<Experiment.Trained> now = models;
        LearnedWidths widths = null;
        List<Slot> slots = List.of();
        BitAssignment bits = start;
        for (int round = 0; round < settings.rounds(); round++) {
            progress.accept(bits);
            List<Round> results = measure(now, bits);
            if (widths == null) {
                slots = results.get(0).slots();
                widths = new LearnedWidths(
                        slots.stream().mapToLong(Slot::values).toArray(),
                        slots.stream().mapToInt(Slot::start).toArray(),
                        settings.targetBits(),
                        settings.penalty());
            }
            widths.update(meanErrors(results), widths.nearest());
            now = results.stream().map(Round::model).toList();
            bits = assignment(start, slots, widths.nearest());
        }
        return assignment(start, slots, widths.withinTarget());
    }

    private List<Round> measure(List<Experiment.Trained> models, BitAssignment bits) {
        return experiment.lanes().map(models.size(), i -> lane -> {
            Experiment.Trained model = models.get(i);
            try (QuantizedModel tuned = experiment.fineTuned(lane, model, bits, settings.fineTune())) {
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
                Experiment.Trained after = new Experiment.Trained(
                        model.seed(), tuned.parameters().toHost(), model.validation(), model.test(), 0);
                return new Round(
                        after,
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
