package org.sgquant.quant;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Datasets;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

final class DegreeBucketsTest {

    @Test
    void quartilesGoToTheLowerBucketAndEqualOnesAreMerged() {
        assertThat(DegreeBuckets.quartiles(new int[] {4, 1, 3, 2})).hasToString("deg(1,2,3)");
        assertThat(DegreeBuckets.quartiles(new int[] {1, 1, 1, 1, 1, 9})).hasToString("deg(1)");
        assertThat(DegreeBuckets.quartiles(new int[] {7})).hasToString("deg(7)");
        assertThat(DegreeBuckets.quartiles(new int[0])).isEqualTo(DegreeBuckets.NONE);
        DegreeBuckets b = new DegreeBuckets(2, 3, 5);
        assertThat(IntStream.of(0, 2, 3, 4, 5, 6, 100).map(b::bucketOf)).containsExactly(0, 0, 1, 2, 2, 3, 3);
    }

    @ParameterizedTest
    @EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
    @CsvSource({"cora,'deg(2,3,5)'", "citeseer,'deg(1,2,3)'", "amazon-computers,'deg(9,22,41)'"})
    void quartilesOfThePublishedGraphs(String name, String expected) {
        try (HostMemory memory = new HostMemory()) {
            CsrGraph graph =
                    Datasets.standard(Path.of(System.getenv("SGQUANT_DATA"))).topology(name, memory);
            assertThat(DegreeBuckets.quartiles(graph.degrees())).hasToString(expected);
        }
    }

    @Test
    void theOrderIsStableAndItsBoundsMayHoldEmptyBuckets() {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            int[] degrees = random.ints(random.nextInt(40), 0, 12).toArray();
            DegreeBuckets buckets = new DegreeBuckets(
                    random.ints(random.nextInt(5), 0, 15).sorted().distinct().toArray());
            int[] expected = IntStream.range(0, degrees.length)
                    .boxed()
                    .sorted(Comparator.comparingInt(node -> buckets.bucketOf(degrees[node])))
                    .mapToInt(node -> node)
                    .toArray();
            int[] order = buckets.order(degrees);
            assertThat(order).as("replay with -Dsgquant.seed=%d", seed).isEqualTo(expected);
            int[] bounds = buckets.bounds(degrees);
            assertThat(bounds).hasSize(buckets.count() + 1).startsWith(0).endsWith(degrees.length);
            for (int b = 0; b < buckets.count(); b++) {
                for (int row = bounds[b]; row < bounds[b + 1]; row++) {
                    assertThat(buckets.bucketOf(degrees[order[row]])).isEqualTo(b);
                }
            }
        }
    }

    @Test
    void doublingClassesEndBelowTheLargestDegree() {
        assertThat(DegreeBuckets.doubling(new int[] {3, 9, 0})).isEqualTo(new DegreeBuckets(1, 2, 4, 8));
        assertThat(DegreeBuckets.doubling(new int[] {8})).isEqualTo(new DegreeBuckets(1, 2, 4));
        assertThat(DegreeBuckets.doubling(new int[] {1, 0})).isEqualTo(DegreeBuckets.NONE);
        assertThat(DegreeBuckets.doubling(new int[0])).isEqualTo(DegreeBuckets.NONE);
        assertThat(DegreeBuckets.doubling(new int[] {1 << 20}).count()).isEqualTo(12);
    }
}
