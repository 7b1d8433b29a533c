package org.sgquant.cli;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.BitSearch;
import org.sgquant.experiment.BitSpace;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Recipe;
import org.sgquant.experiment.SavedModel;
import org.sgquant.experiment.Strategies;
import org.sgquant.experiment.StudyNotes;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.WeightConfig;
import org.sgquant.report.RunReport;
import org.sgquant.search.Bounds;
import org.sgquant.search.Cost;
import org.sgquant.search.Measurement;
import org.sgquant.search.Objective;
import org.sgquant.search.SearchListener;
import org.sgquant.search.SearchSettings;
import org.sgquant.search.Study;
import org.sgquant.search.StudyException;
import picocli.CommandLine.Option;

/** How a bit search is run, and the search itself. */
final class SearchOptions extends TrialOptions {

    @Option(
            names = "--strategy",
            paramLabel = "NAME",
            description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).",
            completionCandidates = Strategies.Names.class)
    String strategy = "abs";

    @Option(names = "--trials", paramLabel = "N", description = "Measured assignments (default: ${DEFAULT-VALUE}).")
    int trials = 120;

    @Option(
            names = "--resume",
            description = "Continue the study that is in the file; where it is running, join in as a further worker.")
    boolean resume;

    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Processes that work on the study, --threads divided among them (default: ${DEFAULT-VALUE}).")
    int workers = 1;

    @Option(names = WorkerProcesses.OPTION, hidden = true)
    Long workerOf;

    /** Whether this process is one of --workers and not the one that the user started. */
    boolean isWorker() {
        return workerOf != null;
    }

    private StudyNotes notes;

    /** Refuses what cannot be searched, before anything is trained. */
    @Override
    void check() {
        Strategies.of(strategy);
        requireAtLeast("--trials", 1, trials);
        requireAtLeast("--workers", 1, workers);
        super.check();
        if (study == null) {
            if (resume || workers > 1) {
                throw new IllegalArgumentException((resume ? "--resume" : "--workers") + " needs --study FILE");
            }
        } else if (study.toFile().exists() && !resume && !isWorker()) {
            throw new StudyException(
                    study + ": the study is already there; continue it with --resume, or name another");
        } else if (!study.toFile().exists() && (resume || isWorker())) {
            throw new StudyException(study + ": there is no study to resume");
        }
    }

    @Override
    boolean joins() {
        return isWorker();
    }

    /** Divides the threads among the workers; a worker is silent, joins the study and ends with the one that it is for. */
    void share(CommonOptions common) {
        common.requireThreads();
        if (workers > common.threads) {
            throw new IllegalArgumentException("--workers " + workers + " need as many --threads at least, got "
                    + common.threads + ": give --threads " + workers);
        }
        common.threads /= workers;
        if (isWorker()) {
            common.quiet = true;
            WorkerProcesses.endWith(workerOf);
        }
    }

    /** Refuses, before anything is trained, weights that the strategy or a predicted latency cannot do with. */
    void require(WeightConfig weights) {
        Strategies.of(strategy).require(weights);
        boolean predicted = maxLatency != null || Objective.of(objective) == Objective.LATENCY;
        weights.require(!predicted || weights.isAffine(), "a predicted latency", "affine");
    }

    /** The study of models of {@code seeds} seeds, made or joined. */
    Study open(Recipe recipe, Dataset dataset, int seeds, String computer) {
        if (study == null) {
            return Study.inMemory();
        }
        Map<String, String> fingerprint = fingerprint(recipe, dataset, seeds, computer);
        fingerprint.put("code", Version.code());
        return Study.open(study, fingerprint);
    }

    /** What the study held when the search ended. */
    StudyNotes notes() {
        return notes;
    }

    /** Keeps in the study, where there is a file, what became of the chosen bits. */
    void note(BitAssignment bits, RunReport report) {
        if (study == null) {
            return;
        }
        try (Study opened = Study.annotate(study)) {
            StudyNotes.run(opened, bits, report);
        }
    }

    private String name() {
        return study == null ? strategy : StudyNotes.name(study);
    }

    /**
     * Searches bits for {@code starts}, models trained by {@code recipe}, of which {@code fp32} tells;
     * {@code machine} is what times are for.
     */
    BitSearch.Outcome run(
            Experiment experiment,
            List<Experiment.Trained> starts,
            Recipe recipe,
            BitSpace space,
            Study opened,
            String machine,
            SavedModel.Provenance provenance,
            RunReport fp32,
            Console console) {
        Strategies chosen = Strategies.of(strategy);
        int all = chosen == Strategies.EXHAUSTIVE ? (int) Math.min(space.space().size(), Integer.MAX_VALUE) : trials;
        SearchSettings settings =
                new SearchSettings(all, recipe.seed(), experiment.lanes().count());
        BitSearch search = search(experiment, space, recipe);
        if (!isWorker()) {
            StudyNotes.about(opened, provenance, fp32, space.names());
        }
        try (Console.Progress progress = console.progress("search", all)) {
            BitSearch.Outcome outcome = search.run(
                    starts,
                    chosen.create(experiment, space, starts, fineTune(recipe), recipe.seed()),
                    timings(machine),
                    opened,
                    settings,
                    progress(progress, console, space, starts));
            if (!isWorker()) {
                StudyNotes.memory(opened, outcome.bits(), () -> search.memory(starts.getFirst(), outcome.bits()));
                notes = StudyNotes.of(name(), opened);
            }
            return outcome;
        }
    }

    @Override
    void apply(Recipe.Search section, Predicate<String> given) {
        super.apply(section, given);
        if (section == null) {
            return;
        }
        strategy = either("--strategy", section.strategy(), strategy, given);
        trials = either("--trials", section.trials(), trials, given);
    }

    /** These options as the section of a recipe. */
    Recipe.Search section() {
        return new Recipe.Search(
                strategy,
                trials,
                objective,
                bounds().maxDrop() == Double.POSITIVE_INFINITY ? null : bounds().maxDrop(),
                maxBytes,
                maxInnerBytes,
                maxLatency,
                trialEpochs,
                trialSeeds,
                featureBits,
                innerBits,
                quartiles);
    }

    private SearchListener progress(
            Console.Progress progress, Console console, BitSpace space, List<Experiment.Trained> starts) {
        Objective least = Objective.of(objective);
        double fp32 = BitSearch.fp32Accuracy(starts);
        double[] best = {Double.POSITIVE_INFINITY};
        return (trial, finished, total) -> {
            Measurement m = trial.measurement();
            if (trial.feasible()) {
                double value = least == Objective.DROP ? fp32 - m.validationAccuracy() : least.of(m.cost());
                best[0] = Math.min(best[0], value);
            }
            progress.step(best[0] == Double.POSITIVE_INFINITY ? "none yet" : "best " + least.format(best[0]));
            console.detail("trial " + trial.number() + ": " + space.assignment(trial.bits()) + " validation "
                    + m.validationAccuracy());
        };
    }

    /** The part of the report that tells of a search. */
    RunReport.SearchSummary summary(BitSearch.Outcome outcome, List<Experiment.Trained> starts) {
        var best = outcome.result().best();
        Bounds bounds = bounds();
        Cost cost = best.measurement().cost();
        return new RunReport.SearchSummary(
                strategy,
                outcome.result().trials().size(),
                objective,
                bounds.maxDrop() == Double.POSITIVE_INFINITY ? null : bounds.maxDrop(),
                maxBytes == null ? null : bounds.maxBytes(),
                maxInnerBytes == null ? null : bounds.maxInnerBytes(),
                maxLatency == null ? null : bounds.maxLatencySeconds(),
                BitSearch.fp32Accuracy(starts) - best.measurement().validationAccuracy(),
                best.feasible(),
                Objective.of(objective).bytes(cost, maxInnerBytes != null),
                Double.isNaN(cost.latencySeconds()) ? null : cost.latencySeconds(),
                outcome.bits().toString(),
                study == null ? null : study.toString());
    }
}
