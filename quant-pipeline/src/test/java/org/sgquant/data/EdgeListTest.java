package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

final class EdgeListTest {

    /** Compares with sets of pairs. */
    @ParameterizedTest(name = "nodes {0}, edges {1}, seed {2}")
    @CsvSource({"0,0,0", "1,0,1", "1,5,2", "2,9,3", "31,200,4", "33,33,5", "101,700,6", "64,4000,7"})
    void cleaningEqualsTheSetOfUnorderedPairs(int nodes, int edges, long seed) {
        Random random = new Random(seed);
        int[] src = new int[edges];
        int[] dst = new int[edges];
        TreeSet<Long> listed = new TreeSet<>();
        TreeSet<Long> both = new TreeSet<>();
        int loops = 0;
        for (int e = 0; e < edges; e++) {
            src[e] = random.nextInt(nodes);
            // Node 0 is a hub.
            dst[e] = random.nextInt(3) == 0 ? 0 : random.nextInt(nodes);
            if (src[e] == dst[e]) {
                loops++;
            } else {
                listed.add((long) dst[e] * nodes + src[e]);
                both.add((long) dst[e] * nodes + src[e]);
                both.add((long) src[e] * nodes + dst[e]);
            }
        }
        try (HostMemory memory = new HostMemory()) {
            EdgeList.Cleaned cleaned = EdgeList.of(nodes, src, dst).clean(memory);
            assertThat(pairs(cleaned.graph()))
                    .isEqualTo(both.stream().mapToLong(p -> p).toArray());
            CleaningReport report = cleaned.report();
            assertThat(report.selfLoops()).isEqualTo(loops);
            assertThat(report.duplicates()).isEqualTo(edges - loops - listed.size());
            assertThat(report.reversesAdded()).isEqualTo(both.size() - listed.size());
            assertThat(report.edges())
                    .isEqualTo(both.size())
                    .isEqualTo(cleaned.graph().numEdges());
            assertThat(report.isolatedNodes())
                    .isEqualTo((int) java.util.Arrays.stream(cleaned.graph().degrees())
                            .filter(d -> d == 0)
                            .count());
        }
    }

    private static long[] pairs(CsrGraph graph) {
        long[] pairs = new long[graph.numEdges()];
        for (int r = 0; r < graph.numRows(); r++) {
            for (int e = graph.rowPtr().get(r); e < graph.rowPtr().get(r + 1); e++) {
                pairs[e] = (long) r * graph.numRows() + graph.colIdx().get(e);
            }
        }
        return pairs;
    }
}
