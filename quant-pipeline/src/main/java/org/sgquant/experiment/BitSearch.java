package org.sgquant.experiment;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.MemoryReport;
import org.sgquant.search.Bounds;
import org.sgquant.search.Constraint;
import org.sgquant.search.Cost;
import org.sgquant.search.Measurement;
import org.sgquant.search.Objective;
import org.sgquant.search.Problem;
import org.sgquant.search.Search;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchResult;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.SearchStrategy;
import org.sgquant.search.Study;
import org.sgquant.train.TrainConfig;

/**
 * Automatic bit selection for trained models: each trial fine-tunes briefly, packs, and reads the validation
 * accuracy of packed inference, averaged over the models it is given; test labels are never touched.
 */
public final class BitSearch {

    private final Experiment experiment;
    private final BitSpace space;
    private final Objective objective;
    private final TrainConfig trialFineTune;

    public BitSearch(Experiment experiment, BitSpace space, Objective objective, TrainConfig trialFineTune) {
        this.experiment = experiment;
        this.space = space;
        this.objective = objective;
        this.trialFineTune = trialFineTune;
    }

    /** What a search found, and the assignment it stands for. */
    public record Outcome(BitAssignment bits, SearchResult result) {}

    /**
     * The least objective within {@code bounds}, of which the drop is the mean one on validation against the fp32 models
     * {@code starts}, each of which every trial fine-tunes: what suits one model by luck does not suit several.
     */
    public Outcome run(
            List<Experiment.Trained> starts,
            SearchStrategy strategy,
            Bounds bounds,
            Study study,
            SearchSettings settings,
            SearchListener listener) {
        Problem problem = new Problem(
                space.space(),
                bits -> cost(space.assignment(bits)),
                objective,
                new Constraint(bounds, fp32Accuracy(starts)));
        Map<Lanes.Lane, TrialMemory> known = new ConcurrentHashMap<>();
        try {
            SearchResult result =
                    Search.run(problem, strategy, bits -> measure(starts, bits, known), study, settings, listener);
            return new Outcome(space.assignment(result.best().bits()), result);
        } finally {
            known.values().forEach(TrialMemory::close);
        }
    }

    /** Sizes of {@code bits}, packed from {@code start}. */
    public MemoryReport memory(Experiment.Trained start, BitAssignment bits) {
        TrainConfig none = trialFineTune.withEpochs(0);
        return experiment
                .lanes()
                .run(lane -> experiment.validate(lane, start, bits, none).memory());
    }

    private Cost cost(BitAssignment bits) {
        return new Cost(space.storedBytes(bits, true), space.storedBytes(bits, false), Double.NaN);
    }

    private Measurement measure(
            List<Experiment.Trained> starts, List<Integer> bits, Map<Lanes.Lane, TrialMemory> known) {
        BitAssignment assignment = space.assignment(bits);
        long began = System.nanoTime();
        return experiment.lanes().run(lane -> {
            TrialMemory ofLane = known.computeIfAbsent(lane, l -> new TrialMemory(l.backend()));
            double accuracy = 0;
            MemoryReport memory = null;
            for (Experiment.Trained start : starts) {
                Experiment.Validated trial = experiment.validate(lane, start, assignment, trialFineTune, ofLane);
                accuracy += trial.validation().accuracy() / starts.size();
                memory = trial.memory();
            }
            return new Measurement(
                    accuracy,
                    new Cost(space.storedBytes(assignment, true), memory.innerStoredBytes(), Double.NaN),
                    memory.storedBytes(),
                    (System.nanoTime() - began) / 1e9);
        });
    }

    /** Mean validation accuracy of the models that a search starts from. */
    public static double fp32Accuracy(List<Experiment.Trained> starts) {
        return starts.stream()
                .mapToDouble(t -> t.validation().accuracy())
                .average()
                .orElseThrow();
    }
}
