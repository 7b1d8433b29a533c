package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.experiment.PartialRecipe;

/** {@code quantize --dry-run} says to the byte what {@code quantize} then stores. */
final class DryRunTest {

    private static final String BUCKETS = "4 message=[8,4,2] L1.embedding=[1,2,1] @deg(2,4)";

    @TempDir
    private static Path folder;

    private static List<String> graph;

    @BeforeAll
    static void writeGraph() {
        graph = Cli.graph(folder.resolve("graph"));
    }

    private static JsonNode run(List<String> options, String... more) {
        List<String> all = new ArrayList<>(graph);
        all.addAll(options);
        all.addAll(List.of("--json", "-q", "--threads", "1"));
        Cli.Result result = Cli.run(Cli.args("quantize", all, more));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.leaked()).isZero();
        return result.json();
    }

    static Stream<List<String>> options() {
        List<List<String>> all = new ArrayList<>();
        PartialRecipe.presets().stream()
                .filter(preset -> PartialRecipe.open(preset.name()).bits() != null)
                .forEach(preset -> all.add(List.of("--recipe", preset.name())));
        for (String model : List.of("gcn", "gat", "agnn", "sage", "gin")) {
            all.add(List.of("--model", model, "-b", "4"));
            all.add(List.of("--model", model, "-b", "3 L1.embedding=[1,2,32] @deg(2,4)"));
        }
        all.add(List.of("-b", "32"));
        for (String granularity : List.of("tensor", "bucket", "column", "rowcode")) {
            all.add(List.of("--granularity", granularity, "-b", BUCKETS));
        }
        for (String granularity : List.of("tensor", "bucket", "column", "row", "rowcode")) {
            all.add(List.of("--features-granularity", granularity, "-b", BUCKETS));
        }
        all.add(List.of("-b", "e4m3 message=[e2m1,4,e3m2,8] @quartiles"));
        all.add(List.of("--order", "aggregate-first", "-b", BUCKETS));
        all.add(List.of("--norm", "edge", "-b", "4 attention=[2,4,8] @deg(2,4)"));
        all.add(List.of("--weights", "pot", "-b", "4"));
        all.add(List.of("--weights", "multibit", "-b", "2"));
        all.add(List.of("--features-form", "dense", "-b", "1"));
        all.add(List.of("--features-form", "sparse", "--features-calibration", "minmax", "-b", "1"));
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("options")
    void bytesAreThoseThatAreStored(List<String> options) {
        JsonNode predicted = run(options, "--dry-run");
        JsonNode stored = run(options, "--epochs", "1", "--finetune-epochs", "0");
        for (String key : List.of("averageBits", "bitsAll", "bitsInner")) {
            assertThat(predicted.at("/memory/" + key)).as(key).isEqualTo(stored.at("/quantized/" + key));
        }
        stored.get("memory").properties().stream()
                .filter(entry -> !entry.getKey().equals("peakBytes"))
                .forEach(entry -> assertThat(predicted.get("memory").get(entry.getKey()))
                        .as(entry.getKey())
                        .isEqualTo(entry.getValue()));
        assertThat(predicted.get("peakBytes").asLong())
                .isEqualTo(stored.at("/memory/peakBytes").asLong());
        assertThat(predicted.get("bits")).isEqualTo(stored.at("/quantized/bits"));
        long tensors = 0;
        for (JsonNode tensor : predicted.get("tensors")) {
            tensors += tensor.get("storedBytes").asLong();
        }
        assertThat(tensors).isEqualTo(predicted.at("/memory/cellBytes").asLong());
        assertThat(predicted.at("/memory/cellBytes").asLong()
                        + predicted.get("graphBytes").asLong()
                        + predicted.get("parameterBytes").asLong())
                .isEqualTo(predicted.at("/memory/totalBytes").asLong());
        assertThat(predicted.has("bound")).isFalse();
    }

    @Test
    void aLinePerCellAndBucketIsNumbered() {
        Cli.Result text = Cli.run(Cli.args("quantize", graph, "-b", BUCKETS, "--dry-run", "-q"));
        assertThat(text.err()).isEmpty();
        assertThat(text.out().lines().filter(line -> line.startsWith("["))).hasSize(12);
        assertThat(text.out())
                .containsPattern("\\[ 2/12] L1\\.message\\[0] +\\d+ x 16  q=8 +[\\d.]+ (Ki)?B -> +[\\d.]+ (Ki)?B\n")
                .contains("payload", "inner", "total", "peak", "the graph");
    }

    @Test
    void wholeGraphsAndLearnedBitsHaveNoDryRun() {
        SavedModelCommandsTest.refused(
                Cli.run("quantize", "-d", "mutag", "-b", "4", "--dry-run"),
                ExitCode.USAGE,
                "--dry-run is for a single");
        SavedModelCommandsTest.refused(
                Cli.run("quantize", "--learn-bits", "4", "--dry-run"), ExitCode.USAGE, "--dry-run needs chosen bits");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-o", "--report", "--max-drop"})
    void whatIsOfATrainedModelIsRefused(String option) {
        Path output = folder.resolve("1");
        SavedModelCommandsTest.refused(
                Cli.run(Cli.args(
                        "quantize",
                        graph,
                        "-b",
                        "4",
                        "--dry-run",
                        option,
                        option.equals("--max-drop") ? "1" : output.toString())),
                ExitCode.USAGE,
                "--dry-run trains nothing that -");
        assertThat(output).doesNotExist();
    }
}
