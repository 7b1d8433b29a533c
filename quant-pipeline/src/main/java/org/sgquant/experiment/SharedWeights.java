package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.model.Parameters;
import org.sgquant.model.QuantizedModel;
import org.sgquant.search.Controller;
import org.sgquant.train.TrainConfig;
import org.sgquant.train.Trainer;

/**
 * Copies of trained models' weights that go on learning under one configuration after the other, each of which is
 * validated right before they learn under it.
 *
 * <p>A call takes the next of the models, so that its configurations are compared on the same one and all models count in
 * the end; it begins with the widest configuration, which keeps the weights good at all and is what others lose against.
 * As the policy decides, the weights get used to what it likes, narrow widths too, and the drops become hopeful.
 * Accuracy is that of fake quantization, which guides the choice of what is measured by packed inference later.
 */
final class SharedWeights implements Controller.SharedWeights, AutoCloseable {

    private final Experiment experiment;
    private final Lanes.Lane lane;
    private final BitSpace space;
    private final List<Experiment.Trained> starts;
    private final TrainConfig fineTune;
    private final List<Parameters> weights = new ArrayList<>();
    private final List<Trainer.Task> tasks = new ArrayList<>();
    private final List<Map<List<Integer>, Double>> accuracies = new ArrayList<>();
    private final int[] steps;
    private final TrialMemory known;
    private int calls;

    /**
     * Weights on {@code lane}, which learn at the rate that {@code fineTune} begins with, or stay where it has no epochs.
     *
     * @throws IllegalArgumentException where weights are powers of two, which freeze for one configuration alone
     */
    SharedWeights(
            Experiment experiment,
            Lanes.Lane lane,
            BitSpace space,
            List<Experiment.Trained> starts,
            TrainConfig fineTune) {
        this.experiment = experiment;
        this.lane = lane;
        this.space = space;
        this.starts = starts;
        this.fineTune = fineTune;
        this.steps = new int[starts.size()];
        if (experiment.weightConfig().powers() != null) {
            throw new IllegalArgumentException("shared weights: got weights " + experiment.weightConfig()
                    + ", which freeze under one configuration, expected affine or multibit ones");
        }
        this.known = new TrialMemory(lane.backend());
        for (Experiment.Trained start : starts) {
            weights.add(Experiment.parameters(lane, experiment.model(), start.weights()));
            accuracies.add(new HashMap<>());
        }
    }

    @Override
    public double[] drops(List<List<Integer>> sampled) {
        int start = calls++ % starts.size();
        double widest = accuracyThenStep(start, space.space().widest());
        return sampled.stream()
                .mapToDouble(bits -> widest - accuracyThenStep(start, bits))
                .toArray();
    }

    private double accuracyThenStep(int i, List<Integer> bits) {
        // Weights that stay where they are say the same again.
        return fineTune.epochs() > 0
                ? validateThenStep(i, bits)
                : accuracies.get(i).computeIfAbsent(bits, b -> validateThenStep(i, b));
    }

    private double validateThenStep(int i, List<Integer> bits) {
        Experiment.Trained start = starts.get(i);
        try (QuantizedModel model = experiment.quantizedModel(lane, start.weights(), space.assignment(bits), known);
                Trainer trainer = new Trainer(
                        model.model(), model.input(), weights.get(i), model.cells(), task(i, model), lane.backend())) {
            double accuracy = trainer.calibrateAndValidate().accuracy();
            if (fineTune.epochs() > 0) {
                trainer.step(start.seed(), steps[i]++, fineTune.learningRate());
            }
            return accuracy;
        }
    }

    /** Made once for each start: a teacher says the same whoever asks. */
    private Trainer.Task task(int i, QuantizedModel model) {
        if (tasks.size() == i) {
            tasks.add(experiment.task(lane, model, starts.get(i), fineTune));
        }
        return tasks.get(i);
    }

    @Override
    public void close() {
        weights.forEach(Parameters::close);
        known.close();
    }
}
