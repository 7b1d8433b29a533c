package org.sgquant.reproduce;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.sgquant.experiment.Lanes;
import org.sgquant.experiment.Weights;
import org.sgquant.quant.BitAssignment;
import org.sgquant.report.Json;
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
    private final Function<Subject, Lanes> lanes;
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
    public Reproduction(Plan plan, Ledger ledger, Function<Subject, Lanes> lanes, String device, Listener listener) {
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

    /** A packed result alone, of a training that is not there, lacks what its drop is measured against. */
    private boolean isWorkable(PlannedRow.Unit unit) {
        if (ledger.has(unit.key())) {
            return ledger.isFree(unit.trainingKey());
        }
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
        try (Lanes open = lanes.apply(group.get(0).row().subject());
                ExecutorService threads = Executors.newFixedThreadPool(open.count())) {
            Map<PlannedRow, Subject.Bench> benches = new ConcurrentHashMap<>();
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < open.count(); i++) {
                workers.add(threads.submit(() -> work(group, benches, open)));
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

    private void work(List<PlannedRow.Unit> group, Map<PlannedRow, Subject.Bench> benches, Lanes open) {
        for (PlannedRow.Unit unit : group) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            if (isWorkable(unit)) {
                PlannedRow row = unit.row();
                work(unit, benches.computeIfAbsent(row, r -> r.subject().bench(open, r.recipe())));
            }
        }
    }

    /** Does {@code unit} unless it is done, or somebody else is at it or at the training it needs. */
    private void work(PlannedRow.Unit unit, Subject.Bench bench) {
        if (unit.row().bits() == null) {
            start(unit, bench).ifPresent(start -> listener.finished(unit.label(), start.outcome()));
            return;
        }
        if (ledger.has(unit.key())) {
            start(unit, bench);
            return;
        }
        if (!ledger.claim(unit.key())) {
            return;
        }
        boolean finished = false;
        try {
            Optional<Start> start = start(unit, bench);
            if (start.isPresent()) {
                Outcome outcome = quantize(unit, bench, start.get());
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
    private Optional<Start> start(PlannedRow.Unit unit, Subject.Bench bench) {
        Optional<Start> trained = find(unit.trainingKey());
        if (trained.isPresent()) {
            return trained;
        }
        if (!ledger.claim(unit.trainingKey())) {
            // It may have ended between the two questions.
            return find(unit.trainingKey());
        }
        boolean finished = false;
        try {
            Start start = train(unit.seed(), bench);
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

    private Optional<Start> find(String trainingKey) {
        return ledger.find(trainingKey).map(entry -> {
            Outcome outcome = outcome(entry);
            return new Start(outcome, outcome.succeeded() ? Weights.read(entry.weights()) : null);
        });
    }

    private Start train(long seed, Subject.Bench bench) {
        Lock shared = quiet.readLock();
        shared.lock();
        try {
            Subject.Trained t = bench.train(seed);
            Outcome outcome =
                    new Outcome(null, t.validation().accuracy(), t.test().accuracy(), t.seconds(), device, null);
            return new Start(outcome, t.weights());
        } catch (DivergedException e) {
            return new Start(Outcome.failed(e.getMessage(), device), null);
        } finally {
            shared.unlock();
        }
    }

    private Outcome quantize(PlannedRow.Unit unit, Subject.Bench bench, Start start) {
        if (!start.outcome().succeeded()) {
            return Outcome.failed("fp32: " + start.outcome().problem(), device);
        }
        BitAssignment bits = unit.row().bits();
        Subject.Packed packed;
        Lock shared = quiet.readLock();
        shared.lock();
        try {
            packed = bench.quantize(unit.seed(), start.weights(), bits);
        } catch (DivergedException e) {
            return Outcome.failed(e.getMessage(), device);
        } finally {
            shared.unlock();
        }
        boolean timed = unit.seed() == plan.firstSeed() && packed.inference() != null;
        Outcome.Packing packing = new Outcome.Packing(
                bits.toString(),
                bench.model().aggregated(bits),
                packed.cells(),
                packed.memory(),
                timed ? alone(packed.inference()) : null);
        return new Outcome(
                null, packed.validation().accuracy(), packed.test().accuracy(), packed.seconds(), device, packing);
    }

    /** {@code timing} with no other lane of this process at work. */
    private double alone(DoubleSupplier timing) {
        Lock alone = quiet.writeLock();
        alone.lock();
        try {
            return timing.getAsDouble();
        } finally {
            alone.unlock();
        }
    }

    static Outcome outcome(Ledger.Entry entry) {
        return Json.parse("ledger: " + entry.label(), entry.document(), Outcome.class);
    }
}
