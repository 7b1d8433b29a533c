package org.sgquant.perf;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.sgquant.kernels.Backend;
import org.sgquant.tensor.FloatMatrix;

/** Times one workload per instance, after a small one has given the results of the reference. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public abstract class WorkloadBenchmark {

    private Backend backend;
    private Workload workload;

    abstract Workload workload(Backend on);

    /** The same operation at awkward small sizes. */
    abstract Workload smallWorkload(Backend on);

    /** Largest relative difference from the reference; 0 for the same bits. */
    float tolerance() {
        return 0;
    }

    @Setup
    public void setUp() {
        Workload.requireSameAsReference(this::smallWorkload, tolerance());
        backend = Workload.measured();
        workload = workload(backend);
    }

    @Benchmark
    public void run() {
        workload.run();
    }

    FloatMatrix result() {
        return workload.result();
    }

    @TearDown
    public void tearDown() {
        workload.close();
        backend.close();
    }
}
