package org.sgquant.perf;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.perf.workload.GraphGenerator;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.GraphPart;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.perf.workload.Operation;
import org.sgquant.perf.workload.SampledRows;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** The {@link Kernel}s of {@code sgquant bench}, each in a process of its own, on generated graphs {@code NAME[/K]}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class KernelsBenchmark {

    private static final long SEED = 1;

    @Param({"spmm", "spmm-weighted", "spmm-gemm", "gemm", "gemm-codes", "pack", "unpack"})
    public String kernel;

    @Param({"32", "8", "4", "2", "1"})
    public int bits;

    @Param("reddit/32")
    public String shape;

    @Param("128")
    public int features;

    /** 0 for all cores. */
    @Param("0")
    public int threads;

    private final HostMemory memory = new HostMemory();
    private Backend backend;
    private Operation.Prepared prepared;

    /** Readies the operation and compares its result with the reference in some rows. */
    @Setup
    public void setUp() {
        GraphShape size = GraphShape.parse(shape);
        GraphGenerator generator = new GraphGenerator(size, SEED);
        CsrGraph graph = generator.graph(memory, generator.edges());
        backend = new CpuBackend(threads == 0 ? Runtime.getRuntime().availableProcessors() : threads);
        Operation operation = Kernel.named(kernel).at(bits);
        prepared =
                operation.prepare().apply(GraphOperands.of(backend, memory, GraphPart.whole(graph), graph, features));
        try (SampledRows sampled = new SampledRows(graph)) {
            prepared.calls().run();
            prepared.read().run();
            sampled.worstError(operation, prepared, backend, features);
        }
    }

    @Benchmark
    public void run() {
        prepared.calls().run();
    }

    FloatMatrix result() {
        return prepared.out();
    }

    @TearDown
    public void tearDown() {
        backend.close();
        memory.close();
    }
}
