package org.sgquant.experiment;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.MemoryReport;
import org.sgquant.report.Json;
import org.sgquant.search.Bounds;
import org.sgquant.search.Constraint;
import org.sgquant.search.Cost;
import org.sgquant.search.CostFunction;
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

    private static final String LATENCIES = "latencies of ";

    private final Experiment experiment;
    private final BitSpace space;
    private final Goal goal;
    private final TrainConfig trialFineTune;

    /**
     * What to look for.
     *
     * @param timed whether every trial measures its latency, though neither objective nor bounds need it
     */
    public record Goal(Objective objective, Bounds bounds, boolean timed) {

        /** Whether trials measure their latency. */
        public boolean isTimed() {
            return timed || isPredicted();
        }

        private boolean isPredicted() {
            return objective == Objective.LATENCY || bounds.limitLatency();
        }
    }

    /** Where the times are kept that latencies are predicted from, and of what machine and code they are. */
    public record Timings(Path folder, String machine) {

        /** One file for a machine and model. */
        private Path file(BitSpace space) {
            return folder.resolve("%08x.json".formatted((machine + space.space()).hashCode()));
        }
    }

    public BitSearch(Experiment experiment, BitSpace space, Goal goal, TrainConfig trialFineTune) {
        this.experiment = experiment;
        this.space = space;
        this.goal = goal;
        this.trialFineTune = trialFineTune;
    }

    /** What a search found, and the assignment it stands for. */
    public record Outcome(BitAssignment bits, SearchResult result) {}

    /**
     * The least objective within the bounds, of which the drop is the mean one on validation against the fp32 models
     * {@code starts}, each of which every trial fine-tunes: what suits one model by luck does not suit several.
     *
     * <p>A latency is the median of packed inference of the first model on one lane, timed while no other worker of the study
     * times; trials of other lanes and workers may be computing beside it.
     *
     * @param timings used where latency is the objective or bounded
     */
    public Outcome run(
            List<Experiment.Trained> starts,
            SearchStrategy strategy,
            Timings timings,
            Study study,
            SearchSettings settings,
            SearchListener listener) {
        Problem problem = problem(starts, timings, study);
        if (goal.isTimed() && study.trials().size() < settings.trials()) {
            experiment.warmUp(starts.getFirst(), space.uniform(), trialFineTune);
        }
        Experiment.Clock clock = goal.isTimed() ? timing -> study.alone(timing::getAsDouble) : Experiment.Clock.NONE;
        Map<Lanes.Lane, TrialMemory> known = new ConcurrentHashMap<>();
        try {
            SearchResult result = Search.run(
                    problem, strategy, bits -> measure(starts, bits, known, clock), study, settings, listener);
            return new Outcome(space.assignment(result.best().bits()), result);
        } finally {
            known.values().forEach(TrialMemory::close);
        }
    }

    /** The search of {@link #run} as its strategy sees it. */
    public Problem problem(List<Experiment.Trained> starts, Timings timings, Study study) {
        LatencyTable latencies = goal.isPredicted() ? latencies(starts.getFirst(), timings, study) : null;
        CostFunction cost = bits -> {
            BitAssignment assignment = space.assignment(bits);
            return new Cost(
                    space.storedBytes(assignment, true),
                    space.storedBytes(assignment, false),
                    latencies == null ? Double.NaN : latencies.of(space.space(), bits));
        };
        return new Problem(space.space(), cost, goal.objective(), new Constraint(goal.bounds(), fp32Accuracy(starts)));
    }

    /** Sizes of {@code bits}, packed from {@code start}. */
    public MemoryReport memory(Experiment.Trained start, BitAssignment bits) {
        TrainConfig none = trialFineTune.withEpochs(0);
        return experiment
                .lanes()
                .run(lane -> experiment.validate(lane, start, bits, none).memory());
    }

    /** The table of the study, so that every worker predicts alike; taken from the machine's file when there is none. */
    private LatencyTable latencies(Experiment.Trained start, Timings timings, Study study) {
        String key = LATENCIES + space.space();
        byte[] table = study.once(
                key,
                () -> study.alone(() -> Json.write(LatencyTable.cached(
                                timings.file(space),
                                timings.machine() + ", " + space.space(),
                                experiment,
                                start,
                                space))
                        .getBytes(StandardCharsets.UTF_8)));
        return Json.parse("study: " + key, new String(table, StandardCharsets.UTF_8), LatencyTable.class);
    }

    private Measurement measure(
            List<Experiment.Trained> starts,
            List<Integer> bits,
            Map<Lanes.Lane, TrialMemory> known,
            Experiment.Clock clock) {
        BitAssignment assignment = space.assignment(bits);
        long began = System.nanoTime();
        return experiment.lanes().run(lane -> {
            TrialMemory ofLane = known.computeIfAbsent(lane, l -> new TrialMemory(l.backend()));
            double accuracy = 0;
            Experiment.Validated first = null;
            for (Experiment.Trained start : starts) {
                Experiment.Validated trial = experiment.validate(
                        lane, start, assignment, trialFineTune, ofLane, first == null ? clock : Experiment.Clock.NONE);
                accuracy += trial.validation().accuracy() / starts.size();
                first = first == null ? trial : first;
            }
            return new Measurement(
                    accuracy,
                    new Cost(
                            space.storedBytes(assignment, true),
                            first.memory().innerStoredBytes(),
                            first.latencySeconds()),
                    first.memory().storedBytes(),
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
