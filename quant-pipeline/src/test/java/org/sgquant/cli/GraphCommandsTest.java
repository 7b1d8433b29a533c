package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on a collection of graphs: the report of the others, with folds instead of seeds. */
class GraphCommandsTest {

    private static final List<String> SHORT = List.of(
            "--dataset",
            "synthetic-graphs",
            "--model",
            "gin",
            "--layers",
            "2",
            "--hidden",
            "8",
            "--epochs",
            "4",
            "--finetune-epochs",
            "1",
            "--folds",
            "2",
            "--threads",
            "2",
            "--device",
            "cpu");

    @Test
    void runTrainsQuantizesAndCompares() {
        Cli.Result result = Cli.run(Cli.args("run", SHORT, "--json", "-q"));
        assertThat(result.code()).as(result.err()).isEqualTo(0);
        assertThat(result.leaked()).isZero();
        JsonNode report = result.json();
        assertThat(report.at("/folds").asInt()).isEqualTo(2);
        assertThat(report.at("/split").asText()).isEqualTo("10 stratified folds, seed 0");
        assertThat(report.at("/fp32/testAccuracy/values")).hasSize(2);
        assertThat(report.at("/quantized/bits").asText())
                .isEqualTo("L1.embedding=1 L1.hidden=4 L1.weight=4 L1.weight2=4 L2.embedding=4 L2.hidden=4 L2.weight=4"
                        + " L2.weight2=4 L3.embedding=4");
        assertThat(report.at("/quantized/bitsInner").asDouble()).isEqualTo(4);
        assertThat(report.at("/layers/0/aggregated").asText()).isEqualTo("int");
        assertThat(report.at("/alternatives/0/name").asText()).isEqualTo("inner 3");
        assertThat(report.at("/memory/peakBytes").asLong()).isPositive();
    }

    @Test
    void trainAndQuantizeTakeCollectionsToo() {
        Cli.Result trained = Cli.run(Cli.args("train", SHORT, "--node-tags", "profile", "--read-out", "mlp"));
        assertThat(trained.code()).as(trained.err()).isEqualTo(0);
        assertThat(trained.out()).contains("2 folds");
        Cli.Result packed = Cli.run(Cli.args("quantize", SHORT, "--bits", "8 hidden=4", "--max-drop", "-101", "-q"));
        assertThat(packed.code()).as(packed.err()).isEqualTo(ExitCode.GATE_MISSED);
        assertThat(packed.out()).contains("L2.hidden=4");
    }

    /** A row of a table with a section {@code graphs} is what the commands measure with the same options. */
    @Test
    void aRowOfATableTakesGraphsAsTheOptionsDo(@TempDir Path folder) throws IOException {
        Path table = Files.writeString(folder.resolve("graphs.yaml"), """
                title: Whole graphs
                head: A table for tests.
                seeds: 2
                recipes:
                  short:
                    dataset: {name: synthetic-graphs}
                    model: {name: gin, layers: 2, hidden: 8}
                    train: {epochs: 4, finalLearningRate: 0}
                    fineTune: {epochs: 1, finalLearningRate: 0}
                    quantization: {innerCalibration: "percentile:0.99", clipMask: true}
                rows:
                  - {name: given, recipe: short}
                  - {name: degree, recipe: short, with: {graphs: {nodeTags: degree, batch: 16}}, bits: 4}
                """);
        Cli.Result result = Cli.run(
                "reproduce",
                table.toString(),
                "--json",
                "-v",
                "--threads",
                "2",
                "--device",
                "cpu",
                "-o",
                folder.resolve("out").toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.err().lines().filter(l -> l.startsWith("trained ")))
                .as("two folds with either tags")
                .hasSize(4);
        JsonNode plain = Cli.run(Cli.args("train", SHORT, "--json", "-q")).json();
        assertThat(result.json().at("/rows/0/fp32")).isEqualTo(plain.at("/fp32/testAccuracy"));
        JsonNode degree = Cli.run(Cli.args(
                        "quantize", SHORT, "--node-tags", "degree", "--batch", "16", "--bits", "4", "--json", "-q"))
                .json();
        JsonNode row = result.json().at("/rows/1");
        assertThat(row.at("/fp32")).isEqualTo(degree.at("/fp32/testAccuracy"));
        assertThat(row.at("/packed")).isEqualTo(degree.at("/quantized/testAccuracy"));
        assertThat(row.at("/sizes/bitsAverage").asDouble())
                .isEqualTo(degree.at("/quantized/averageBits").asDouble());

        String[][] wrong = {
            {"nodeTags: degree", "nodeTags: colour", "row 'degree': node tag 'colour' does not exist"},
            {"batch: 16", "batch: 0", "row 'degree': batches need at least 1 graph"},
            {
                "graphs: {",
                "objective: {labels: forward, noise: 0.1}, graphs: {",
                "row 'degree': whole graphs are trained"
            },
        };
        String text = Files.readString(table);
        for (String[] change : wrong) {
            Files.writeString(table, text.replace(change[0], change[1]));
            Cli.Result refused = Cli.run("reproduce", table.toString(), "-q", "-o", folder.toString());
            SavedModelCommandsTest.refused(refused, ExitCode.BAD_INPUT, change[2]);
        }
    }

    @Test
    void whatWholeGraphsCannotDoIsRefused() {
        String[][] wrong = {
            {"train", "--folds", "11", "--folds must lie in 1..10, got 11"},
            {"train", "--node-tags", "colour", "node tag 'colour' does not exist: choose one of given degree profile"},
            {"train", "--batch", "0", "at least 1 graph"},
            {"train", "--distill", "0.5", "distillation are for the nodes of one graph"},
            {"train", "-o", "target/never", "--output is for models of a single graph"},
            {"train", "--model", "gcn", "model gcn"},
            {"search", "--dataset", "mutag", "dataset 'mutag'"},
        };
        for (String[] words : wrong) {
            Cli.Result result = words[1].equals("--dataset") || words[1].equals("--model")
                    ? Cli.run(
                            words[0],
                            "--dataset",
                            words[1].equals("--dataset") ? words[2] : "synthetic-graphs",
                            "--model",
                            words[1].equals("--model") ? words[2] : "gin",
                            "-q")
                    : Cli.run(words[0], "--dataset", "synthetic-graphs", "--model", "gin", words[1], words[2], "-q");
            assertThat(result.code()).as(String.join(" ", words)).isNotEqualTo(0);
            assertThat(result.err()).contains(words[3]).doesNotContain("Exception");
        }
    }

    @Test
    void optionsOfTheOtherKindOfGraphAreRefused() {
        String[][] ofNodes = {
            {"quantize", "--bits", "4", "--seeds", "2"},
            {"train", "--seed", "1"},
            {"train", "--mask", "1"},
            {"train", "--split-seed", "3"},
            {"train", "--no-normalize"},
            {"train", "--download"},
            {"run", "--trials", "5"},
            {"run", "--strategy", "random"},
            {"run", "--resume"},
            {"quantize", "--bits", "4", "--learn-bits", "3"},
            {"quantize", "--bits", "4", "--memory-penalty", "3"},
        };
        for (String[] words : ofNodes) {
            refused(words, "synthetic-graphs", "gin", "is for the nodes of one graph, and synthetic-graphs has whole");
        }
        String[][] ofGraphs = {
            {"train", "--folds", "2"},
            {"run", "--batch", "8"},
            {"quantize", "--bits", "4", "--node-tags", "degree"},
        };
        for (String[] words : ofGraphs) {
            refused(words, "synthetic", "gcn", "is for whole graphs to classify, and synthetic is a single graph");
        }
    }

    private static void refused(String[] words, String dataset, String model, String why) {
        List<String> args = new ArrayList<>(List.of(words));
        args.addAll(List.of("--dataset", dataset, "--model", model, "-q"));
        Cli.Result result = Cli.run(args.toArray(String[]::new));
        String option = Stream.of(words)
                .filter(w -> w.startsWith("--") && !w.equals("--bits"))
                .findFirst()
                .get();
        assertThat(result.code()).as(args.toString()).isEqualTo(ExitCode.USAGE);
        assertThat(result.err()).contains(option + " " + why).doesNotContain("Exception");
    }
}
