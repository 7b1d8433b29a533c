package org.sgquant.perf.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.cuda.testing.OnLibraries;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.perf.workload.GraphFolder;
import org.sgquant.perf.workload.GraphGenerator;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.GraphPart;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.Operation;
import org.sgquant.perf.workload.Operation.Prepared;
import org.sgquant.perf.workload.Operation.Sums;
import org.sgquant.perf.workload.SampledRows;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;

class KernelBenchmarkTest {

    private static final GraphShape SHAPE = new GraphShape("test", 97, 600, 60, 12, 3, List.of(5, 16));
    private static final int TIMES =
            2 * Operation.neighbourSums().size() + Operation.others().size();

    @TempDir
    private Path folder;

    @BeforeEach
    void writeGraph() {
        try (HostMemory memory = new HostMemory()) {
            GraphGenerator generator = new GraphGenerator(SHAPE, 1);
            GraphFolder.write(folder, SHAPE, generator.graph(memory, generator.edges()), 1);
        }
    }

    private List<Line> run(String device) {
        Path lines = folder.resolve("lines.jsonl");
        try (GraphFolder graph = new GraphFolder(folder);
                Measured measured = Measured.open(device)) {
            assertThat(new KernelBenchmark(measured, lines, true).run(graph)).isZero();
        }
        return Report.lines(lines);
    }

    @Test
    void every_operation_is_timed_on_the_host_and_agrees_with_the_reference() {
        List<Line> lines = run("cpu");
        assertThat(lines)
                .filteredOn(l -> l.kind() == Line.Kind.TIME)
                .hasSize(TIMES)
                .allSatisfy(l -> assertThat(l.worstError()).isLessThan(1e-4));
        assertThat(lines).extracting(Line::kind).contains(Line.Kind.MACHINE, Line.Kind.COPY);
    }

    @Test
    @OnDevice
    void every_operation_is_timed_on_the_device_with_the_bytes_it_moves() {
        assertThat(run("cuda"))
                .filteredOn(l -> l.kind() == Line.Kind.TIME)
                .hasSize(TIMES)
                .allSatisfy(l -> assertThat(l.bytes()).isGreaterThan(97 * 4));
    }

    @Test
    @OnLibraries
    void products_of_every_library_are_timed_beside_ours_and_agree_with_the_reference() {
        Path lines = folder.resolve("lines.jsonl");
        try (GraphFolder graph = new GraphFolder(folder)) {
            for (LibraryPeer peer : LibraryPeer.all()) {
                assertThat(KernelBenchmark.runPeer(peer, graph, lines, true))
                        .as(peer.by())
                        .isZero();
            }
        }
        List<Line> all = Report.lines(lines);
        assertThat(all)
                .filteredOn(l -> l.kind() == Line.Kind.TIME)
                .hasSize(2 * LibraryPeer.all().size());
        assertThat(all)
                .filteredOn(l -> l.kind() == Line.Kind.MACHINE)
                .allSatisfy(l -> assertThat(l.text()).containsPattern("cu(BLAS|SPARSE) \\d+\\."));
        assertThat(all).extracting(Line::by).contains("jcusparse cusparse-alg2-fp16", "jcublas cublas-tf32");
    }

    @Test
    @OnDevice
    void a_peer_that_fails_is_named_and_counted_and_ends_nothing() {
        Path lines = folder.resolve("lines.jsonl");
        LibraryPeer failing =
                new LibraryPeer("jcublas none", new TrainingLibraries("none", "own"), Operation.dense("fp32"));
        try (GraphFolder graph = new GraphFolder(folder)) {
            assertThat(KernelBenchmark.runPeer(failing, graph, lines, true)).isOne();
        }
        assertThat(Report.lines(lines)).singleElement().satisfies(line -> {
            assertThat(line.kind()).isEqualTo(Line.Kind.MISSING);
            assertThat(line.by()).isEqualTo("jcublas none");
            assertThat(line.text()).contains("'none' does not work on a CUDA device");
        });
    }

    @Test
    void a_wrong_kernel_is_noticed() {
        Operation right = Operation.neighbourSums().get(3);
        Operation wrong = new Operation("spmm", "q4", Sums.EXACT, o -> {
            Prepared p = right.prepare().apply(o);
            FloatMatrix out = p.out();
            return o.backend().name().equals("reference")
                    ? p
                    : new Prepared(p.calls(), () -> out.set(0, 2, Math.nextUp(out.get(0, 2))), out, true, p.packed());
        });
        assertThat(worstError(right)).isZero();
        assertThatThrownBy(() -> worstError(wrong))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("wrong result: got \\S+ at row 0, column 2, expected \\S+");
    }

    private double worstError(Operation operation) {
        try (GraphFolder graph = new GraphFolder(folder);
                Backend backend = new CpuBackend(1);
                Memory memory = backend.newMemory("test");
                SampledRows sampled = new SampledRows(graph.graph())) {
            CsrGraph whole = graph.graph();
            GraphOperands operands = GraphOperands.of(backend, memory, GraphPart.whole(whole), whole, 5);
            Prepared prepared = operation.prepare().apply(operands);
            prepared.calls().run();
            prepared.read().run();
            return sampled.worstError(operation, prepared, backend, 5);
        }
    }
}
