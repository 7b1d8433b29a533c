package org.sgquant.experiment;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.MemoryReport;
import org.sgquant.search.Constraint;
import org.sgquant.search.Measurement;
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

    /** What is made small. */
    public enum Objective {
        /** Stored bytes of every cell. */
        STORED,
        /** Stored bytes of every cell but the input features. */
        INNER
    }

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
     * Least bytes with a mean validation drop of at most {@code maxDrop} points against the fp32 models
     * {@code starts}, each of which every trial fine-tunes: what suits one model by luck does not suit several.
     */
    public Outcome run(
            List<Experiment.Trained> starts,
            SearchStrategy strategy,
            double maxDrop,
            Study study,
            SearchSettings settings,
            SearchListener listener) {
        Constraint constraint = new Constraint(maxDrop, fp32Accuracy(starts));
        Map<Lanes.Lane, TrialMemory> known = new ConcurrentHashMap<>();
        try {
            SearchResult result = Search.run(
                    space.space(),
                    strategy,
                    bits -> measure(starts, bits, known),
                    bits -> bytes(space.assignment(bits)),
                    constraint,
                    study,
                    settings,
                    listener);
            return new Outcome(space.assignment(result.best().bits()), result);
        } finally {
            known.values().forEach(TrialMemory::close);
        }
    }

    /** What a search makes small: known without packing, features counted in their dense form. */
    private long bytes(BitAssignment bits) {
        return space.storedBytes(bits, objective == Objective.STORED);
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
                    Double.NaN,
                    bytes(assignment),
                    memory.storedBytes(),
                    memory.innerStoredBytes(),
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
