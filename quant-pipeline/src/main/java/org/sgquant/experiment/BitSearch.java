package org.sgquant.experiment;

import java.util.List;
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
 * Automatic bit selection for one trained model: each trial fine-tunes briefly, packs, and reads the validation
 * accuracy of packed inference, averaged over repeats; test labels are never touched.
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
    private final int repeats;

    /** Each trial is fine-tuned {@code repeats} times with other dropout; what counts is the mean accuracy. */
    public BitSearch(
            Experiment experiment, BitSpace space, Objective objective, TrainConfig trialFineTune, int repeats) {
        if (repeats < 1) {
            throw new IllegalArgumentException("a trial needs at least 1 repeat, got " + repeats);
        }
        this.repeats = repeats;
        this.experiment = experiment;
        this.space = space;
        this.objective = objective;
        this.trialFineTune = trialFineTune;
    }

    /** What a search found, and the assignment it stands for. */
    public record Outcome(String strategy, BitAssignment bits, SearchResult result) {}

    /** Least bytes with a validation drop of at most {@code maxDrop} points against the fp32 model {@code start}. */
    public Outcome run(
            Experiment.Trained start,
            SearchStrategy strategy,
            double maxDrop,
            Study study,
            SearchSettings settings,
            SearchListener listener) {
        Constraint constraint = new Constraint(maxDrop, start.validation().accuracy());
        SearchResult result = Search.run(
                space.space(),
                strategy,
                bits -> measure(start, bits),
                bits -> bytes(space.assignment(bits)),
                constraint,
                study,
                settings,
                listener);
        return new Outcome(strategy.name(), space.assignment(result.best().bits()), result);
    }

    private long bytes(BitAssignment bits) {
        return space.storedBytes(bits, objective == Objective.STORED);
    }

    private Measurement measure(Experiment.Trained start, List<Integer> bits) {
        BitAssignment assignment = space.assignment(bits);
        long began = System.nanoTime();
        return experiment.lanes().run(lane -> {
            double accuracy = 0;
            MemoryReport memory = null;
            for (int r = 0; r < repeats; r++) {
                Experiment.Packed packed =
                        experiment.quantize(lane, start.withSeed(start.seed() + r), assignment, trialFineTune);
                accuracy += packed.validation().accuracy() / repeats;
                memory = packed.memory();
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
}
