package org.sgquant.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.cpu.CpuKernels;
import org.sgquant.kernels.cpu.Workers;
import org.sgquant.kernels.cpu.Yardsticks;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

/** Gathers read all that they say: the same lines in Java, one edge or two at a time, and in C++. */
class CeilingTest {

    private static final int NODES = 3001;
    private static final int[] ROW_BYTES = {1, 2, 16, 32, 48, 64, 80, 112, 128, 192, 256, 512, 640};

    private final long seed = Long.getLong("sgquant.seed", System.nanoTime());

    @ParameterizedTest
    @EnumSource(value = CpuKernels.class, names = "JAVA", mode = EnumSource.Mode.EXCLUDE)
    void every_gather_reads_the_same_lines(CpuKernels kernels) {
        assumeThat(kernels.refusal()).isEmpty();
        Yardsticks yardsticks = new Yardsticks(kernels);
        // An odd number, so that some edge has no partner, and fewer than are fetched ahead.
        for (int edges : new int[] {30_011, 31, 1}) {
            int[] sources = new Random(seed).ints(edges, 0, NODES).sorted().toArray();
            try (HostMemory memory = new HostMemory();
                    Workers workers = new Workers(2);
                    Ceiling ceiling = new Ceiling(NODES, ROW_BYTES[ROW_BYTES.length - 1])) {
                CsrGraph graph = CsrGraph.of(memory, NODES, new int[] {0, edges}, sources);
                for (int bytes : ROW_BYTES) {
                    ceiling.gather(workers, graph, bytes, false).run();
                    long single = ceiling.takeBits();
                    ceiling.gather(workers, graph, bytes, true).run();
                    long pairs = ceiling.takeBits();
                    ceiling.gather(workers, graph, bytes, yardsticks).run();
                    String what = "%d edges of %d bytes, seed %d".formatted(edges, bytes, seed);
                    assertThat(single).as(what).isNotZero();
                    assertThat(pairs).as(what).isEqualTo(single);
                    assertThat(ceiling.takeBits()).as(what).isEqualTo(single);
                }
            }
        }
    }
}
