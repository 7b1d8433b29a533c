package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;

/** eval and predict on folders that quantize wrote. */
final class SavedModelCommandsTest {

    private static final String PLAIN = "4 L1.embedding=1";
    private static final String BUCKETS =
            "L1.embedding=1 L1.message=[8,4,4,2] L2.embedding=[4,3,2,1] L2.message=5" + " weight=6 @quartiles";
    private static final String PAPER = "embedding=4 attention=4";

    @TempDir
    private static Path folder;

    private static List<String> graph;

    @BeforeAll
    static void quantizeModels() {
        graph = Cli.graph(folder.resolve("graph"));
        quantize("plain", 2, "-b", PLAIN);
        quantize("buckets", 2, "-b", BUCKETS);
        quantize("paper", 2, "--preset", "paper", "-b", PAPER);
        quantize("fp32", 2, "-b", "32");
        quantize("gat", 1, "--model", "gat", "--heads", "3", "-b", "2 L1.embedding=1");
        quantize("agnn", 1, "--model", "agnn", "-b", "4 attention=[1,2,4,8] @quartiles");
        quantize("rowcode", 2, "-b", BUCKETS, "--granularity", "rowcode", "--features-granularity", "rowcode");
    }

    private static void quantize(String name, int seeds, String... options) {
        List<String> all = new ArrayList<>(graph);
        all.addAll(Cli.SHORT);
        all.addAll(List.of(options));
        Cli.Result result = Cli.run(Cli.args(
                "quantize",
                all,
                "--seeds",
                Integer.toString(seeds),
                "-o",
                model(name).toString()));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.leaked()).isZero();
    }

    private static Path model(String name) {
        return folder.resolve(name);
    }

    private static JsonNode json(Path file) throws IOException {
        return new com.fasterxml.jackson.databind.ObjectMapper().readTree(file.toFile());
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "buckets", "paper", "fp32", "gat", "agnn", "rowcode"})
    void evalReproducesAccuracyAndCodesOnEveryDevice(String name) throws IOException {
        JsonNode metrics = json(model(name).resolve("metrics.json"));
        int seed = json(model(name).resolve("provenance.json")).get("seed").asInt();
        for (String device : List.of("cpu", "reference")) {
            Cli.Result result = Cli.run("eval", model(name).toString(), "--device", device, "--json", "-q");
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.leaked()).isZero();
            JsonNode eval = result.json();
            assertThat(eval.get("testAccuracy")).isEqualTo(metrics.at("/quantized/testAccuracy/values/" + seed));
            assertThat(eval.get("validationAccuracy"))
                    .isEqualTo(metrics.at("/quantized/validationAccuracy/values/" + seed));
            assertThat(eval.get("codesSha256")).isEqualTo(metrics.get("codesSha256"));
            assertThat(eval.get("codesMatch").asBoolean()).isTrue();
            assertThat(eval.get("trainingData").asBoolean()).isTrue();
        }
        int packed = Map.of("fp32", 0, "paper", 4, "gat", 8, "agnn", 8).getOrDefault(name, 6);
        assertThat(metrics.get("codesSha256").size()).isEqualTo(packed);
    }

    /** The csv, read against the graph's own labels, gives the accuracy that eval reports: rows are in input order. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "buckets", "gat", "agnn", "rowcode"})
    void predictWritesEveryNodeInTheOrderOfTheInput(String name) throws IOException {
        Path csv = folder.resolve(name + ".csv");
        Cli.Result result = Cli.run("predict", model(name).toString(), "-o", csv.toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.leaked()).isZero();
        List<String> lines = Files.readAllLines(csv);
        assertThat(lines).hasSize(201).first().isEqualTo("node,label,probability");
        int[] labels = new int[200];
        for (int node = 0; node < 200; node++) {
            String[] cells = lines.get(node + 1).split(",", -1);
            assertThat(cells).hasSize(3);
            assertThat(Integer.parseInt(cells[0])).isEqualTo(node);
            labels[node] = Integer.parseInt(cells[1]);
            assertThat(labels[node]).isBetween(0, 3);
            assertThat(Double.parseDouble(cells[2])).isBetween(0.25 - 1e-6, 1.0);
        }
        JsonNode eval = Cli.run("eval", model(name).toString(), "--json", "-q").json();
        try (Dataset d = SyntheticCitationGraph.SMALL.generate()) {
            long right = Arrays.stream(d.split().test())
                    .filter(node -> labels[node] == d.labels()[node])
                    .count();
            assertThat(100.0 * right / d.split().test().length)
                    .isEqualTo(eval.get("testAccuracy").asDouble());
        }
        Cli.Result toOutput = Cli.run("predict", model(name).toString(), "-q");
        assertThat(toOutput.out()).isEqualTo(Files.readString(csv));
        assertThat(toOutput.err()).isEmpty();
    }

    @Test
    void predictNeedsNoLabels() throws IOException {
        List<String> unlabelled = graph.subList(0, 4);
        assertThat(unlabelled).contains("--edges", "--features");
        for (String name : List.of("plain", "buckets")) {
            List<String> all = new ArrayList<>(List.of(model(name).toString()));
            all.addAll(unlabelled);
            Cli.Result result = Cli.run(Cli.args("predict", all, "-q"));
            assertThat(result.code()).as(result.err()).isZero();
            assertThat(result.out())
                    .isEqualTo(Cli.run("predict", model(name).toString(), "-q").out());
        }
    }

    @Test
    void aGraphOfOtherFeaturesIsRefused() {
        Cli.Result result = Cli.run("eval", model("plain").toString(), "--dataset", "synthetic");
        refused(result, ExitCode.BAD_INPUT, "features: got 1433 columns, expected 64");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.safetensors", "recipe.yaml", "metrics.json", "provenance.json", "SHA256SUMS"})
    void aDamagedFileIsRefusedByItsName(String file) throws IOException {
        Path copy = folder.resolve("damaged-" + file);
        copyFolder(model("plain"), copy);
        byte[] bytes = Files.readAllBytes(copy.resolve(file));
        byte[] flipped = bytes.clone();
        flipped[bytes.length / 2] ^= 1;
        Files.write(copy.resolve(file), flipped);
        refused(Cli.run("eval", copy.toString(), "-q"), ExitCode.BAD_INPUT, file);
        refused(Cli.run("predict", copy.toString(), "-q"), ExitCode.BAD_INPUT, file);
        for (int length : new int[] {0, bytes.length / 2, bytes.length - 2}) {
            Files.write(copy.resolve(file), Arrays.copyOf(bytes, length));
            refused(Cli.run("eval", copy.toString(), "-q"), ExitCode.BAD_INPUT, file);
        }
        Files.delete(copy.resolve(file));
        refused(Cli.run("eval", copy.toString(), "-q"), ExitCode.BAD_INPUT, file);
        Files.write(copy.resolve(file), bytes);
        assertThat(Cli.run("eval", copy.toString(), "-q").code()).isZero();
    }

    @Test
    void aFolderThatIsNoModelIsRefused() {
        refused(Cli.run("eval", folder.resolve("nowhere").toString()), ExitCode.BAD_INPUT, "nowhere");
        refused(Cli.run("eval", folder.resolve("graph").toString()), ExitCode.BAD_INPUT, "graph");
    }

    private static void copyFolder(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    /** One sentence that names {@code name}, no trace, nothing left in memory. */
    static void refused(Cli.Result result, int code, String name) {
        assertThat(result.code()).as(result.err()).isEqualTo(code);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains(name).doesNotContain("\tat ").doesNotContain("Exception:");
        assertThat(result.err().lines().filter(line -> line.startsWith("sgquant: ")))
                .hasSize(1);
        assertThat(result.leaked()).isZero();
    }
}
