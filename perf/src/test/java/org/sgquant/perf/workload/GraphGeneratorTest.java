package org.sgquant.perf.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.DatasetOptions;
import org.sgquant.data.GraphFiles;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.HostMemory;

class GraphGeneratorTest {

    private static final GraphShape SHAPE = new GraphShape("test", 3001, 40_000, 900, 12, 3, List.of(8));

    @TempDir
    private Path folder;

    @Test
    void rows_hold_exactly_the_edges_asked_for_ascending_symmetric_and_without_loops() {
        try (HostMemory memory = new HostMemory()) {
            GraphGenerator generator = new GraphGenerator(SHAPE, 5);
            CsrGraph graph = generator.graph(memory, generator.edges());
            assertThat(graph.numEdges()).isEqualTo(SHAPE.entries());
            int[] ptr = graph.rowPtr().toArray();
            int[] col = graph.colIdx().toArray();
            for (int r = 0; r < graph.numRows(); r++) {
                for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                    assertThat(col[e]).isNotEqualTo(r).isLessThan(SHAPE.nodes());
                    assertThat(e > ptr[r] ? col[e - 1] : -1).isLessThan(col[e]);
                }
            }
            CsrGraph transposed = graph.transpose(memory).graph();
            assertThat(transposed.rowPtr().toArray()).isEqualTo(ptr);
            assertThat(transposed.colIdx().toArray()).isEqualTo(col);
        }
    }

    @Test
    void degrees_are_skewed_up_to_about_the_largest() {
        try (HostMemory memory = new HostMemory()) {
            GraphGenerator generator = new GraphGenerator(SHAPE, 5);
            int[] degrees = IntStream.of(
                            generator.graph(memory, generator.edges()).degrees())
                    .sorted()
                    .toArray();
            assertThat(degrees[degrees.length - 1]).isBetween(700, 950);
            // Half of the nodes have less than half of the mean degree of 13.
            assertThat(degrees[degrees.length / 2]).isLessThan(7);
        }
    }

    @Test
    void a_seed_gives_the_same_graph_again_and_another_seed_another() {
        long[] first = new GraphGenerator(SHAPE, 5).edges();
        assertThat(new GraphGenerator(SHAPE, 5).edges()).isEqualTo(first);
        assertThat(new GraphGenerator(SHAPE, 6).edges()).isNotEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tiny", "cora", "computers", "tolokers", "arxiv", "reddit", "products"})
    void the_law_of_degrees_has_the_mean_of_the_shape(String name) {
        GraphShape shape = GraphShape.named(name);
        double bend = shape.bend();
        double sum = IntStream.range(0, shape.nodes())
                .mapToDouble(r -> shape.maxDegree() / (1 + (r + 0.5) / bend))
                .sum();
        assertThat(sum / shape.entries()).isBetween(0.99, 1.01);
        assertThat(shape.rank(0, bend)).isZero();
        assertThat(shape.rank(1, bend)).isEqualTo(shape.nodes() - 1);
    }

    @Test
    void an_unknown_shape_is_answered_with_those_there_are() {
        assertThatThrownBy(() -> GraphShape.named("karate"))
                .hasMessage(
                        "graph 'karate' does not exist: choose tiny, cora, computers, tolokers, arxiv, reddit, products");
    }

    @Test
    void files_give_back_the_graph() {
        try (HostMemory memory = new HostMemory()) {
            GraphGenerator generator = new GraphGenerator(SHAPE, 5);
            CsrGraph graph = generator.graph(memory, generator.edges());
            GraphFolder.write(folder, SHAPE, graph, 5);
            try (GraphFolder read = new GraphFolder(folder)) {
                assertThat(read.header().widths()).containsExactly(8);
                assertThat(read.header().maxDegree()).isEqualTo(graph.maxDegree());
                assertThat(read.graph().rowPtr().toArray())
                        .isEqualTo(graph.rowPtr().toArray());
                assertThat(read.graph().colIdx().toArray())
                        .isEqualTo(graph.colIdx().toArray());
            }
        }
    }

    @Test
    void a_file_of_the_wrong_size_is_refused() throws Exception {
        try (HostMemory memory = new HostMemory()) {
            GraphGenerator generator = new GraphGenerator(SHAPE, 5);
            GraphFolder.write(folder, SHAPE, generator.graph(memory, generator.edges()), 5);
        }
        Files.write(folder.resolve("rowptr.i32"), new byte[4]);
        assertThatThrownBy(() -> new GraphFolder(folder).close())
                .hasMessageContaining("rowptr.i32: got 4 bytes, graph.json says " + 4 * 3002);
    }

    @Test
    void training_files_are_what_sgquant_reads_as_the_same_graph() {
        GraphGenerator generator = new GraphGenerator(SHAPE, 5);
        long[] edges = generator.edges();
        TrainingFiles.write(folder, SHAPE, edges, generator.labels(), 5);
        GraphFiles files = new GraphFiles(
                folder.resolve("edges.npz"), folder.resolve("features.npy"), folder.resolve("labels.npy"), null);
        try (HostMemory memory = new HostMemory();
                Dataset dataset = files.open("test", DatasetOptions.DEFAULT)) {
            assertThat(dataset.numFeatures()).isEqualTo(SHAPE.features());
            assertThat(dataset.labels()).isEqualTo(generator.labels());
            assertThat(dataset.graph().colIdx().toArray())
                    .isEqualTo(generator.graph(memory, edges).colIdx().toArray());
        }
    }
}
