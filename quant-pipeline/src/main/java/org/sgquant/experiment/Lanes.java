package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.sgquant.data.Dataset;
import org.sgquant.kernels.Backend;
import org.sgquant.model.GraphInput;
import org.sgquant.quant.DegreeBuckets;

/**
 * Independent work side by side: each lane has a backend of its own and its own copy of the graph.
 *
 * <p>A graph of a few thousand nodes keeps one core busy, not several, so seeds and trials run in parallel instead of
 * kernels. Results do not depend on the number of lanes.
 */
public final class Lanes implements AutoCloseable {

    /** Work of one seed or trial on a lane. */
    public interface Task<T> {
        T run(Lane lane);
    }

    /** A backend and the graphs uploaded to it, relabelled by degree buckets as needed. */
    public static final class Lane implements AutoCloseable {
        private final Backend backend;
        private final Graphs graphs;
        private final Map<DegreeBuckets, GraphInput> inputs = new HashMap<>();

        private Lane(Backend backend, Graphs graphs) {
            this.backend = backend;
            this.graphs = graphs;
        }

        public Backend backend() {
            return backend;
        }

        /** The graph on this lane's backend, nodes in the order of {@code buckets}. */
        public GraphInput input(DegreeBuckets buckets) {
            return inputs.computeIfAbsent(buckets, b -> new GraphInput(graphs.dataset(b), backend));
        }

        @Override
        public void close() {
            inputs.values().forEach(GraphInput::close);
            backend.close();
        }
    }

    /** A dataset and its relabelled copies on the host, shared by all lanes. */
    private static final class Graphs implements AutoCloseable {
        private final Dataset original;
        private final Map<DegreeBuckets, Dataset> relabelled = new HashMap<>();

        Graphs(Dataset original) {
            this.original = original;
        }

        synchronized Dataset dataset(DegreeBuckets buckets) {
            return buckets.count() == 1
                    ? original
                    : relabelled.computeIfAbsent(buckets, b -> original.permuted(b.order(original.degrees())));
        }

        @Override
        public void close() {
            relabelled.values().forEach(Dataset::close);
        }
    }

    private final Graphs graphs;
    private final List<Lane> all = new ArrayList<>();
    private final BlockingQueue<Lane> free;
    private final ExecutorService threads;

    /** {@code count} lanes over {@code dataset}, which stays the caller's; {@code backend} makes one for each. */
    public Lanes(Dataset dataset, int count, IntFunction<Backend> backend) {
        this.graphs = new Graphs(dataset);
        for (int i = 0; i < count; i++) {
            all.add(new Lane(backend.apply(i), graphs));
        }
        this.free = new ArrayBlockingQueue<>(count, false, all);
        this.threads =
                Executors.newFixedThreadPool(count, Thread.ofPlatform().daemon().factory());
    }

    /** {@code count} lanes without a graph of their own: tasks bring what they work on. */
    public Lanes(int count, IntFunction<Backend> backend) {
        this(null, count, backend);
    }

    /** The graph that all lanes work on, as it was given. */
    public Dataset dataset() {
        return graphs.dataset(DegreeBuckets.NONE);
    }

    public int count() {
        return all.size();
    }

    /** Runs {@code task} on a free lane, in the calling thread. */
    public <T> T run(Task<T> task) {
        Lane lane;
        try {
            lane = free.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for a free lane");
        }
        try {
            return task.run(lane);
        } finally {
            free.add(lane);
        }
    }

    /** Runs {@code count} tasks over all lanes; results in the order of their index. */
    public <T> List<T> map(int count, IntFunction<Task<T>> tasks) {
        List<Future<T>> pending = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Task<T> task = tasks.apply(i);
            pending.add(threads.submit(() -> run(task)));
        }
        List<T> results = new ArrayList<>();
        try {
            for (Future<T> future : pending) {
                results.add(future.get());
            }
            return results;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        } finally {
            pending.forEach(f -> f.cancel(true));
        }
    }

    @Override
    public void close() {
        threads.close();
        all.forEach(Lane::close);
        graphs.close();
    }
}
