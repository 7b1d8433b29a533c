package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TuReaderTest {

    /** A path of three nodes, a single node, and a triangle; tags 5, 7, 9; labels 2 and 0. */
    private static final String GRAPHS = "3\n3 2\n5 1 1\n7 2 0 2\n5 1 1\n1 0\n9 0\n\n3 2\n7 2 1 2\n7 2 0 2\n7 2 0 1\n";

    @TempDir
    private Path folder;

    private Path zip(Map<String, String> entries) throws IOException {
        Path file = folder.resolve("T.zip");
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                zip.putNextEntry(new ZipEntry(entry.getKey()));
                zip.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
            }
        }
        return file;
    }

    private static Map<String, String> entries(String graphs) {
        Map<String, String> entries = new LinkedHashMap<>();
        entries.put("__MACOSX/T/._T.txt", "debris");
        entries.put("T/.DS_Store", "debris");
        entries.put("T/T.txt", graphs);
        entries.put("T/10fold_idx/train_idx-1.txt", "0\n2\n");
        entries.put("T/10fold_idx/test_idx-1.txt", "1\n");
        return entries;
    }

    @Test
    void graphsBecomeOneUnionWithLabelsAndTagsFromZero() throws IOException {
        GraphCollection c = TuReader.read(zip(entries(GRAPHS)), "t");
        assertThat(c.nodePtr()).containsExactly(0, 3, 4, 7);
        assertThat(c.rowPtr()).containsExactly(0, 1, 3, 4, 4, 6, 8, 10);
        assertThat(c.colIdx()).containsExactly(1, 0, 2, 1, 5, 6, 4, 6, 4, 5);
        assertThat(c.tags()).containsExactly(0, 1, 0, 2, 1, 1, 1);
        assertThat(c.labels()).containsExactly(1, 0, 1);
        assertThat(c.numTags()).isEqualTo(3);
        assertThat(c.numClasses()).isEqualTo(2);
        assertThat(c.folds()).hasSize(1);
        assertThat(c.folds().get(0).test()).containsExactly(1);
        assertThat(c.withDegreeTags().tags()).containsExactly(1, 3, 1, 0, 3, 3, 3);
        assertThat(c.fingerprint()).hasSize(64).isNotEqualTo(c.withDegreeTags().fingerprint());
    }

    @Test
    void aDegreeProfileHasFiveOnesPerNode() throws IOException {
        // A path of three, a lone node, a triangle; blocks for d, min, max, mean, sd start at 0, 4, 8, 12, 16.
        GraphCollection c = NodeTags.PROFILE.of(TuReader.read(zip(entries(GRAPHS)), "t"));
        assertThat(c.tags()).containsExactly(0, 1, 0, 2, 3, 3, 3);
        assertThat(c.numFeatures()).isEqualTo(17);
        assertThat(c.tagFeatures().columns())
                .isDeepEqualTo(
                        new int[][] {{1, 7, 11, 15, 16}, {3, 5, 9, 13, 16}, {0, 4, 8, 12, 16}, {3, 7, 11, 15, 16}});
        TagFeatures oneHot = TagFeatures.oneHot(c.numTags());
        assertThat(c.fingerprint()).isNotEqualTo(c.withTags(c.tags(), oneHot).fingerprint());
    }

    @Test
    void theSpreadOfDegreesTellsNeighboursApart() throws IOException {
        // The hub 0 has neighbours of degrees 1, 1, 2, 2: mean 1.5 (step 2), sd 0.5 (step 0).
        String graphs = "1\n5 0\n0 4 1 2 3 4\n0 1 0\n0 1 0\n0 2 0 4\n0 2 0 3\n";
        GraphCollection c = NodeTags.PROFILE.of(TuReader.read(zip(Map.of("T/T.txt", graphs)), "t"));
        int[] hub = c.tagFeatures().columns()[c.tags()[0]];
        // Largest steps: degree 4 is step 5, of minima 4 (nodes 1 and 2), of maxima 4, of means 4, of sd 1.
        assertThat(hub).containsExactly(5, 6 + 1, 12 + 3, 18 + 2, 24);
        assertThat(c.numFeatures()).isEqualTo(26);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.99, 0", "1, 1", "1.99, 1", "2, 2", "2.25, 2", "4, 3", "8, 4", "9e6, 24"})
    void stepsAreHalvesOfPowersOfTwo(double square, int step) {
        assertThat(DegreeProfile.step(square)).isEqualTo(step);
    }

    @ParameterizedTest
    @CsvSource({
        "'2\\n1 0\\n0 0\\n', 'line 4: got the end of the file, expected a line of numbers'",
        "'1\\n1 0\\n0 0\\n7\\n', 'line 4: got further lines, expected the end of the file'",
        "'1\\n2 0\\n0 1 2\\n0 1 0\\n', 'line 3: got neighbour 2, expected 0..1'",
        "'1\\n2 0\\n\\n0 2 1\\n0 1 0\\n', 'line 4: got degree 2 and 1 neighbours, expected as many'",
        "'1\\n1 x\\n0 0\\n', 'line 2: got ''x'', expected a whole number'",
        "'1\\n1 0\\n0 99999999999\\n', 'line 3: got ''99999999999'', expected a whole number'",
        "'1\\n1 0 3\\n0 0\\n', 'line 2: got 3 numbers, expected 2'",
        "'1\\n1 0\\n0\\n', 'line 3: got 1 number, expected at least 2'",
        "'0\\n', 'line 1: got 0 graphs, expected at least 1 and no more than bytes'",
        "'1\\n2000000000 0\\n', 'line 2: got 2000000000 nodes, expected at least 1 and no more than bytes'",
        "'', 'line 1: got the end of the file, expected a line of numbers'",
    })
    void whatIsWrongIsNamedWithItsLine(String text, String problem) throws IOException {
        Path file = zip(entries(text.replace("\\n", "\n")));
        assertThatThrownBy(() -> TuReader.read(file, "t"))
                .isInstanceOf(FormatException.class)
                .hasMessage(file + "/T/T.txt: " + problem);
    }

    @Test
    void foldsThatAreNoSplitAreRefused() throws IOException {
        Map<String, String> twice = entries(GRAPHS);
        twice.put("T/10fold_idx/test_idx-1.txt", "1\n2\n");
        assertThatThrownBy(() -> TuReader.read(zip(twice), "t"))
                .hasMessageEndingWith("test_idx-1.txt: line 2: got graph 2, expected each of 0..2 once per fold");
        Map<String, String> empty = entries(GRAPHS);
        empty.put("T/10fold_idx/test_idx-1.txt", "");
        assertThatThrownBy(() -> TuReader.read(zip(empty), "t")).hasMessageContaining("got no graph");
        Map<String, String> alone = entries(GRAPHS);
        alone.remove("T/10fold_idx/test_idx-1.txt");
        assertThatThrownBy(() -> TuReader.read(zip(alone), "t"))
                .hasMessageEndingWith("10fold_idx: got train lists [1] and test lists [], expected both of each fold");
        assertThatThrownBy(() -> TuReader.read(zip(Map.of("a.md", "")), "t"))
                .hasMessageEndingWith("zip: got no text file, expected NAME.txt with graphs");
        Path noZip = Files.writeString(folder.resolve("no.zip"), "text");
        assertThatThrownBy(() -> TuReader.read(noZip, "t")).hasMessageContaining("expected a readable zip");
    }

    @Test
    void foldsAreStratifiedAndSplitsDisjoint() {
        GraphCollection c = new SyntheticGraphCollection(97, 5, 3).generate();
        Set<Integer> tested = new HashSet<>();
        for (int f = 0; f < 10; f++) {
            Split split = c.split(f);
            assertThat(split.test()).hasSizeBetween(9, 10);
            assertThat(split.validation()).hasSizeBetween(9, 10);
            assertThat(split.train().length + split.validation().length + split.test().length)
                    .isEqualTo(97);
            for (int[] part : List.of(split.validation(), split.test())) {
                long ones = IntStream.of(part).filter(g -> c.labels()[g] == 1).count();
                assertThat(ones).isBetween(4L, 5L);
            }
            IntStream.of(split.test()).forEach(g -> assertThat(tested.add(g)).isTrue());
        }
        assertThat(tested).hasSize(97);
    }

    @ParameterizedTest
    @CsvSource({"mutag,180", "reddit-binary,2000"})
    @EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
    void publishedCollectionsOpenWithTheirCounts(String name, int tested) {
        Datasets datasets = Datasets.standard(Path.of(System.getenv("SGQUANT_DATA")));
        GraphCollection c = datasets.openCollection(name);
        assertThat(c.folds()).hasSize(10);
        // The published folds of MUTAG leave eight graphs out of every test part.
        assertThat(c.folds().stream().mapToInt(f -> f.test().length).sum()).isEqualTo(tested);
        assertThatThrownBy(() -> datasets.open(name, DatasetOptions.DEFAULT))
                .hasMessage("dataset '" + name
                        + "' is a collection of graphs to classify as wholes, where a single graph is needed");
    }
}
