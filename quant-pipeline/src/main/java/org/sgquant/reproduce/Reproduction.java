package org.sgquant.reproduce;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.sgquant.data.Dataset;
import org.sgquant.experiment.Experiment;
import org.sgquant.experiment.Lanes;
import org.sgquant.model.Model;
import org.sgquant.report.Json;
import org.sgquant.report.RunReport;
import org.sgquant.train.DivergedException;

/**
 * Runs the units of a plan that the ledger has no result of, as many side by side as there are lanes.
 *
 * <p>Every unit is claimed first, so processes that work on one ledger share the units between them; when none is
 * left to claim, each waits for the others' and takes over what a dead one leaves.
 */
public final class Reproduction {

    private static final long POLL_MILLISECONDS = 500;

    private final Plan plan;
    private final Ledger ledger;
    private final Function<Dataset, Lanes> lanes;
    private final String device;
    private final Listener listener;

    /** Shared while models are trained, held alone while one is timed. */
    private final ReadWriteLock quiet = new ReentrantReadWriteLock(true);

    /** Hears of what this process finishes, from any thread. */
    public interface Listener {
        /** An fp32 training ended that rows may share. */
        void trained(String label, Outcome outcome);

        /** A row's seed ended. */
        void finished(String label, Outcome outcome);
    }

    /** {@code device} describes what {@code lanes} compute on. */
    public Reproduction(Plan plan, Ledger ledger, Function<Dataset, Lanes> lanes, String device, Listener listener) {
        this.plan = plan;
        this.ledger = ledger;
        this.lanes = lanes;
        this.device = device;
        this.listener = listener;
    }

    /** Works until every unit has a result, from here or from another process; {@code written} follows each dataset. */
    public void run(Runnable written) {
        while (plan.missing(ledger) > 0) {
            boolean worked = false;
            for (List<PlannedRow.Unit> group : plan.groups()) {
                if (group.stream().anyMatch(this::isWorkable)) {
                    run(group);
                    written.run();
                    worked = true;
                }
            }
            if (!worked) {
                sleep();
            }
        }
    }

    private boolean isWorkable(PlannedRow.Unit unit) {
        return ledger.isFree(unit.key()) && (ledger.has(unit.trainingKey()) || ledger.isFree(unit.trainingKey()));
    }

    private static void sleep() {
        try {
            Thread.sleep(POLL_MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        }
    }

    private void run(List<PlannedRow.Unit> group) {
        try (Lanes open = lanes.apply(group.get(0).row().dataset());
                ExecutorService threads = Executors.newFixedThreadPool(open.count())) {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < open.count(); i++) {
                workers.add(threads.submit(() -> work(group, open)));
            }
            try {
                for (Future<?> worker : workers) {
                    worker.get();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted");
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
            } finally {
                workers.forEach(w -> w.cancel(true));
            }
        }
    }

    private void work(List<PlannedRow.Unit> group, Lanes open) {
        for (PlannedRow.Unit unit : group) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            work(unit, open);
        }
    }

    /** Does {@code unit} unless it is done, or somebody else is at it or at the training it needs. */
    private void work(PlannedRow.Unit unit, Lanes open) {
        Experiment experiment = Experiment.of(open, unit.row().recipe());
        if (unit.row().bits() == null) {
            train(unit, experiment).ifPresent(outcome -> listener.finished(unit.label(), outcome.outcome()));
            return;
        }
        if (!ledger.claim(unit.key())) {
            return;
        }
        boolean finished = false;
        try {
            Optional<Start> start = start(unit, experiment);
            if (start.isPresent()) {
                Outcome outcome = quantize(unit, experiment, start.get());
                ledger.finish(unit.key(), new Ledger.Entry(unit.label(), Json.write(outcome), null));
                finished = true;
                listener.finished(unit.label(), outcome);
            }
        } finally {
            if (!finished) {
                ledger.release(unit.key());
            }
        }
    }

    /** An fp32 training, with its weights where it succeeded. */
    private record Start(Outcome outcome, List<float[][]> weights) {}

    /** The training that {@code unit} starts from, trained now if need be; empty where somebody else trains it. */
    private Optional<Start> start(PlannedRow.Unit unit, Experiment experiment) {
        Optional<Ledger.Entry> trained = ledger.find(unit.trainingKey());
        if (trained.isEmpty()) {
            return train(unit, experiment);
        }
        Outcome outcome = outcome(trained.get());
        return Optional.of(new Start(
                outcome, outcome.succeeded() ? Weights.read(trained.get().weights()) : null));
    }

    private Optional<Start> train(PlannedRow.Unit unit, Experiment experiment) {
        if (!ledger.claim(unit.trainingKey())) {
            return Optional.empty();
        }
        boolean finished = false;
        try {
            Start start = trained(unit.seed(), experiment);
            byte[] weights = start.weights() == null ? null : Weights.write(start.weights());
            ledger.finish(
                    unit.trainingKey(), new Ledger.Entry(unit.trainingLabel(), Json.write(start.outcome()), weights));
            finished = true;
            listener.trained(unit.trainingLabel(), start.outcome());
            return Optional.of(start);
        } finally {
            if (!finished) {
                ledger.release(unit.trainingKey());
            }
        }
    }

    private Start trained(long seed, Experiment experiment) {
        Lock shared = quiet.readLock();
        shared.lock();
        try {
            Experiment.Trained t = experiment.train(seed, 1, ended -> {}).get(0);
            return new Start(
                    new Outcome(null, t.validation().accuracy(), t.test().accuracy(), t.seconds(), device, null),
                    t.weights());
        } catch (DivergedException e) {
            return new Start(Outcome.failed(e.getMessage(), device), null);
        } finally {
            shared.unlock();
        }
    }

    private Outcome quantize(PlannedRow.Unit unit, Experiment experiment, Start start) {
        if (!start.outcome().succeeded()) {
            return Outcome.failed("fp32: " + start.outcome().problem(), device);
        }
        Experiment.Packed packed;
        Lock shared = quiet.readLock();
        shared.lock();
        try {
            Experiment.Trained trained = new Experiment.Trained(unit.seed(), start.weights(), null, null, 0);
            packed = experiment
                    .quantize(List.of(trained), unit.row().bits(), ended -> {})
                    .get(0);
        } catch (DivergedException e) {
            return Outcome.failed(e.getMessage(), device);
        } finally {
            shared.unlock();
        }
        return new Outcome(
                null,
                packed.validation().accuracy(),
                packed.test().accuracy(),
                packed.fineTuneSeconds(),
                device,
                new Outcome.Packing(
                        unit.row().bits().toString(),
                        aggregated(unit, experiment),
                        packed.cells(),
                        RunReport.Memory.of(packed.memory(), packed.peakBytes()),
                        unit.seed() == plan.firstSeed() ? inferenceSeconds(unit, experiment, packed) : null));
    }

    /** Timed with no other lane of this process at work. */
    private double inferenceSeconds(PlannedRow.Unit unit, Experiment experiment, Experiment.Packed packed) {
        Lock alone = quiet.writeLock();
        alone.lock();
        try {
            return experiment.inferenceSeconds(packed, unit.row().bits());
        } finally {
            alone.unlock();
        }
    }

    private static String aggregated(PlannedRow.Unit unit, Experiment experiment) {
        return experiment.model().layers(unit.row().bits()).stream()
                .map(Model.LayerPlan::aggregated)
                .distinct()
                .collect(Collectors.joining(" and "));
    }

    static Outcome outcome(Ledger.Entry entry) {
        return Json.parse("ledger: " + entry.label(), entry.document(), Outcome.class);
    }
}
