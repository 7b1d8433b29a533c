package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PlanetoidReaderTest {

    @TempDir
    private Path folder;

    /**
     * Seven nodes, three features, two classes; two train, two validate; test nodes 6 and 4 in that order, so that 5 is
     * a gap.
     */
    static Map<String, byte[]> parts() {
        Map<String, byte[]> parts = new LinkedHashMap<>();
        parts.put("x", Pickle.ofMatrix(3, 1, 0, 0, 0, 1, 0));
        parts.put("y", Pickle.ofInts(2, 1, 0, 0, 1));
        parts.put("allx", Pickle.ofMatrix(3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 2));
        parts.put("ally", Pickle.ofInts(2, 1, 0, 0, 1, 0, 1, 1, 0));
        parts.put("tx", Pickle.ofMatrix(3, 3, 0, 1, 0, 4, 0));
        parts.put("ty", Pickle.ofInts(2, 0, 1, 1, 0));
        Map<Integer, List<Integer>> graph = new LinkedHashMap<>();
        graph.put(0, List.of(1, 1, 6));
        graph.put(1, List.of(0));
        graph.put(2, List.of(2));
        graph.put(3, List.of(4));
        graph.put(4, List.of(3));
        graph.put(5, List.of());
        graph.put(6, List.of(0));
        parts.put("graph", Pickle.ofGraph(graph));
        parts.put("test.index", "6\n4\n".getBytes(StandardCharsets.US_ASCII));
        return parts;
    }

    static void write(Path folder, Map<String, byte[]> parts) {
        parts.forEach((part, bytes) -> Npy.write(folder.resolve("ind.tiny." + part), bytes));
    }

    private Dataset read(Map<String, byte[]> parts) {
        write(folder, parts);
        DatasetOptions raw = DatasetOptions.DEFAULT.withNormalizeRows(false);
        return Dataset.of("tiny", PlanetoidReader.read(folder, "tiny"), raw);
    }

    private void refuses(String part, byte[] bytes, String message) {
        Map<String, byte[]> parts = parts();
        parts.put(part, bytes);
        assertThatThrownBy(() -> read(parts).close())
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(folder.resolve("ind.tiny." + part) + ": ")
                .hasMessageContaining(message);
    }

    @Test
    void testRowsGoToTheirNodesAndGapsStayZero() {
        try (Dataset d = read(parts())) {
            assertThat(d.numNodes()).isEqualTo(7);
            assertThat(d.graph().rowPtr().toArray()).containsExactly(0, 2, 3, 3, 4, 5, 5, 6);
            assertThat(d.graph().colIdx().toArray()).containsExactly(1, 6, 0, 4, 3, 0);
            assertThat(d.cleaning()).isEqualTo(new CleaningReport(7, 8, 1, 1, 0, 6, 2, 0));
            // 7 of 21 values: dense.
            assertThat(((Features.Dense) d.features()).matrix().toArray()).isDeepEqualTo(new float[][] {
                {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {0, 0, 2}, {0, 4, 0}, {0, 0, 0}, {3, 0, 1}
            });
            assertThat(d.labels()).containsExactly(0, 1, 1, 0, 0, 0, 1);
            assertThat(d.split().train()).containsExactly(0, 1);
            assertThat(d.split().validation()).containsExactly(2, 3);
            assertThat(d.split().test()).containsExactly(4, 6);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"posix\nsystem", "os\nsystem", "__builtin__\neval", "java.lang\nRuntime", "builtins\nException"})
    void everyOtherClassIsRefusedByName(String name) {
        refuses(
                "graph",
                Pickle.ofInstructions("c" + name + "\nU\2id\u0085R"),
                "pickle: got class " + name.replace('\n', '.') + ", expected only arrays");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"S'a'\n", "\u0093", "(iposix\nsystem\n", "Pid\n", "\u0082\1", "B\1\0\0\0a", "\u0096", "F1\n"})
    void everyOtherInstructionIsRefused(String instructions) {
        refuses("graph", Pickle.ofInstructions(instructions), "pickle: got instruction ");
    }

    @Test
    void malformedPicklesAreOneSentence() {
        refuses("graph", Pickle.ofInstructions("T\u00ff\u00ff\u00ff\u007f"), "got a string of 2147483647 bytes");
        refuses("graph", Pickle.ofInstructions("T\u00ff\u00ff\u00ff\u00ff"), "got a string of -1 bytes");
        refuses("graph", Pickle.ofInstructions("}]]s"), "a dictionary key of another kind");
        refuses("graph", Pickle.ofInstructions("K\1K\2R"), "malformed data");
        refuses("graph", Pickle.ofInstructions("K\1}b"), "malformed data");
        refuses("graph", Pickle.ofInstructions("u"), "malformed data");
        refuses("graph", Pickle.ofInstructions(""), "malformed data");
        refuses("graph", Pickle.ofInstructions("]"), "expected a dictionary of neighbour lists");
        refuses("graph", new byte[0], "file: got IO");
    }

    @Test
    void partsThatDoNotFitAreNamed() {
        refuses("graph", Pickle.ofGraph(Map.of(0, List.of(9))), "got node 9, expected 0..0");
        refuses("tx", Pickle.ofMatrix(3, 1, 0, 0), "tx: got 1 rows, expected 2");
        refuses("tx", Pickle.ofMatrix(2, 1, 0, 0, 1), "got 2 columns, expected 3");
        refuses("ty", Pickle.ofInts(2, 1, 0), "ty: got 1 rows, expected 2");
        refuses("ally", Pickle.ofInts(2, 1, 0), "ally: got 1 rows, expected 4");
        refuses("ally", Pickle.ofMatrix(1, 1), "got csr_matrix, expected numpy.ndarray");
        refuses("allx", Pickle.ofInts(1, 1), "got numpy.ndarray, expected csr_matrix");
        refuses("y", Pickle.ofInts(2, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0), "y: got 5 rows, expected at most the 4 of ally");
        refuses("test.index", "6\n3\n".getBytes(StandardCharsets.US_ASCII), "node 3 twice or among allx");
        refuses("test.index", "6\n6\n".getBytes(StandardCharsets.US_ASCII), "node 6 twice");
        refuses("test.index", "6\n7\n".getBytes(StandardCharsets.US_ASCII), "line 2: got '7', expected 0..6");
        refuses("test.index", "6\nx\n".getBytes(StandardCharsets.US_ASCII), "line 2: got 'x'");
    }
}
