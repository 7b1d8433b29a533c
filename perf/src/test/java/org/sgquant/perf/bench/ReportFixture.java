package org.sgquant.perf.bench;

import java.util.List;
import java.util.Map;
import org.sgquant.data.Datasets;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.perf.peer.Peer;
import org.sgquant.perf.workload.Kernel;
import picocli.CommandLine;

/** Reports of small runs, without the command around them. */
final class ReportFixture {

    private ReportFixture() {}

    /** Records with and without a peer, of numbers with many digits. */
    static BenchReport measured() {
        List<BenchRecord> records = List.of(
                new BenchRecord("spmm", 32, "tiny", 33, 2, 0.0007, 12345.6789, 1e-5, 1.0, null, "gather", 99.5),
                new BenchRecord("spmm", 4, "tiny", 33, 2, 1e7, 0, 21.25, null, "mkl", "gather", 1e10));
        Machine machine = new Machine("cpu", 2, null, "[]", "os", "25", "1", "cpu", null);
        return new BenchReport(
                machine, "sgquant bench", List.of(), Map.of(), List.of(), records, 2, 66, List.of(), List.of(), null);
    }

    /** One round of {@code kernels} at 32 and 4 bits on {@code backend}, beside {@code peers}. */
    static BenchReport run(Backend backend, List<Kernel> kernels, Peer... peers) {
        BenchCommand command = new CommandLine(new BenchCommand()).getCommand();
        new CommandLine(command)
                .parseArgs(
                        "--shape",
                        "tiny",
                        "--features",
                        "33",
                        "--threads",
                        "1",
                        "--bits",
                        "32,4",
                        "--check",
                        "--kernel",
                        String.join(",", kernels.stream().map(Kernel::word).toList()));
        BenchGraphs graphs = new BenchGraphs(new Datasets(List.of()), null, note -> {});
        return new BenchRun(BenchOptions.of(command), graphs, threads -> backend, List.of(peers), note -> {}).run();
    }

    static Backend cpu() {
        return new CpuBackend(1);
    }
}
