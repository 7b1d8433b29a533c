package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparseMatrix;

final class DatasetTest {

    /** A random graph with a hub and isolated nodes; with negative values its features are dense. */
    private static Dataset random(int nodes, boolean negative, long seed) {
        Random random = new Random(seed);
        int edges = 2 * nodes;
        int[] src = random.ints(edges, 0, Math.max(1, nodes / 2)).toArray();
        int[] dst = IntStream.range(0, edges)
                .map(e -> e % 3 == 0 ? 0 : random.nextInt(nodes))
                .toArray();
        float[] x = new float[nodes * 9];
        for (int i = 0; i < x.length; i += 1 + random.nextInt(9)) {
            x[i] = negative ? random.nextFloat() - 0.5f : 1;
        }
        int[] labels = random.ints(nodes, -1, 3).toArray();
        GraphData data = new GraphData(
                "random",
                EdgeList.of(nodes, src, dst),
                FeatureTable.dense(nodes, 9, x),
                labels,
                Split.random(labels, seed),
                "random");
        return Dataset.of("random", data, DatasetOptions.DEFAULT);
    }

    private static float[][] dense(Features features) {
        if (features instanceof Features.Dense dense) {
            return dense.matrix().toArray();
        }
        SparseMatrix m = ((Features.Sparse) features).matrix();
        float[][] x = new float[m.rows()][m.cols()];
        for (int r = 0; r < m.rows(); r++) {
            for (int e = m.pattern().rowPtr().get(r); e < m.pattern().rowPtr().get(r + 1); e++) {
                x[r][m.pattern().colIdx().get(e)] = m.values().get(0, e);
            }
        }
        return x;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 32, 33, 101})
    void permutingMovesEverythingTogether(int nodes) {
        for (boolean negative : new boolean[] {false, true}) {
            int[] newToOld = Split.shuffle(IntStream.range(0, nodes).toArray(), new Random(nodes));
            try (Dataset old = random(nodes, negative, nodes);
                    Dataset moved = old.permuted(newToOld)) {
                float[][] x = dense(old.features());
                float[][] movedX = dense(moved.features());
                assertThat(moved.features().getClass()).isEqualTo(old.features().getClass());
                for (int i = 0; i < nodes; i++) {
                    int o = newToOld[i];
                    assertThat(movedX[i]).isEqualTo(x[o]);
                    assertThat(moved.labels()[i]).isEqualTo(old.labels()[o]);
                    int[] neighbours = neighbours(moved, i);
                    assertThat(neighbours).isSorted();
                    assertThat(Arrays.stream(neighbours)
                                    .map(j -> newToOld[j])
                                    .sorted()
                                    .toArray())
                            .isEqualTo(neighbours(old, o));
                }
                assertThat(Arrays.stream(moved.split().test())
                                .map(j -> newToOld[j])
                                .sorted()
                                .toArray())
                        .isEqualTo(old.split().test());
                int[] back = Permutation.of(newToOld, nodes).oldToNew();
                try (Dataset again = moved.permuted(back)) {
                    assertThat(again.fingerprint()).isEqualTo(old.fingerprint());
                }
            }
        }
    }

    private static int[] neighbours(Dataset d, int node) {
        int[] col = d.graph().colIdx().toArray();
        return Arrays.copyOfRange(
                col, d.graph().rowPtr().get(node), d.graph().rowPtr().get(node + 1));
    }

    @Test
    void aPermutationMustListEveryNodeOnce() {
        try (Dataset d = random(3, false, 1)) {
            assertThatThrownBy(() -> d.permuted(new int[] {0, 1})).isInstanceOf(ShapeException.class);
            assertThatThrownBy(() -> d.permuted(new int[] {0, 1, 1})).hasMessageContaining("got 1 at 2");
            assertThatThrownBy(() -> d.permuted(new int[] {0, 1, 3})).hasMessageContaining("got 3 at 2");
        }
    }

    @Test
    void theFingerprintSeesEveryPart() {
        try (Dataset a = random(31, false, 1);
                Dataset same = random(31, false, 1);
                Dataset other = random(31, false, 2)) {
            assertThat(a.fingerprint())
                    .hasSize(64)
                    .isEqualTo(same.fingerprint())
                    .isNotEqualTo(other.fingerprint());
        }
        GraphData base = data(new float[] {1, 2}, new int[] {0, 1}, new int[] {0});
        String[] prints = {
            print(base),
            print(data(new float[] {1, 3}, new int[] {0, 1}, new int[] {0})),
            print(data(new float[] {1, 2}, new int[] {0, 0}, new int[] {0})),
            print(data(new float[] {1, 2}, new int[] {0, 1}, new int[] {1}))
        };
        assertThat(prints).doesNotHaveDuplicates();
    }

    private static GraphData data(float[] x, int[] labels, int[] train) {
        Split split = new Split(train, new int[0], new int[0]);
        EdgeList edges = EdgeList.of(2, new int[] {0}, new int[] {1});
        return new GraphData("two", edges, FeatureTable.dense(2, 1, x), labels, split, "");
    }

    private static String print(GraphData data) {
        try (Dataset d = Dataset.of("two", data, DatasetOptions.DEFAULT.withNormalizeRows(false))) {
            return d.fingerprint();
        }
    }

    @Test
    void closingFreesEverything() {
        long before = HostMemory.liveBytes();
        Dataset d = random(33, true, 3);
        assertThat(HostMemory.liveBytes() - before).isEqualTo(d.bytes()).isPositive();
        d.close();
        assertThat(HostMemory.liveBytes()).isEqualTo(before);
    }

    @Test
    void aGraphWithoutNodesIsADataset() {
        GraphData none = new GraphData(
                "none",
                EdgeList.of(0, new int[0], new int[0]),
                FeatureTable.dense(0, 4, new float[0]),
                new int[0],
                Split.random(new int[0], 0),
                "");
        try (Dataset d = Dataset.of("none", none, DatasetOptions.DEFAULT)) {
            assertThat(d.numNodes()).isZero();
            assertThat(d.numClasses()).isZero();
        }
    }
}
