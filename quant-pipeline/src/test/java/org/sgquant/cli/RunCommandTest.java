package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunCommandTest {

    private static final List<String> KEYS = List.of(
            "/dataset",
            "/model",
            "/device",
            "/seeds",
            "/fp32/testAccuracy/mean",
            "/fp32/testAccuracy/std",
            "/quantized/bits",
            "/quantized/averageBits",
            "/quantized/bitsAll",
            "/quantized/bitsInner",
            "/quantized/testAccuracy/mean",
            "/quantized/testAccuracy/std",
            "/layers/0/order",
            "/layers/0/aggregated",
            "/layers/1/aggregated",
            "/memory/fp32Bytes",
            "/memory/payloadBytes",
            "/memory/storedBytes",
            "/memory/totalBytes",
            "/memory/peakBytes",
            "/memory/savingPayload",
            "/memory/savingStored",
            "/search/strategy",
            "/search/trials",
            "/seconds/train",
            "/seconds/search",
            "/seconds/finetune",
            "/seconds/inference");

    @TempDir
    private static Path folder;

    private static List<String> graph;

    @BeforeAll
    static void writeGraph() {
        graph = Cli.graph(folder.resolve("graph"));
    }

    private static Cli.Result run(String command, String... options) {
        List<String> all = new ArrayList<>(graph);
        all.addAll(Cli.SHORT);
        return Cli.run(Cli.args(command, all, options));
    }

    @Test
    void runTrainsSearchesPacksAndPrintsOneDocumentWithEveryKey() {
        Path model = folder.resolve("found");
        Cli.Result result =
                run("run", "--seeds", "2", "--trials", "6", "--trial-epochs", "2", "--json", "-o", model.toString());
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.leaked()).isZero();
        JsonNode report = result.json();
        assertThat(KEYS).allSatisfy(key -> {
            JsonNode value = report.at(key);
            assertThat(value.isMissingNode() || value.isNull())
                    .as("%s in %s", key, report)
                    .isFalse();
        });
        assertThat(report.at("/seeds").asInt()).isEqualTo(2);
        assertThat(report.at("/search/trials").asInt()).isEqualTo(6);
        assertThat(report.at("/search/strategy").asText()).startsWith("abs");
        assertThat(report.at("/layers"))
                .hasSize(2)
                .allMatch(l -> l.get("aggregated").asText().equals("int"));
        assertThat(report.at("/alternatives")).hasSize(3);
        assertThat(report.at("/fp32/testAccuracy/mean").asDouble()).isBetween(30.0, 100.0);
        assertThat(report.at("/quantized/testAccuracy/mean").asDouble()).isBetween(30.0, 100.0);
        long values = 200 * (64 + 16);
        assertThat(report.at("/memory/fp32Bytes").asLong()).isEqualTo(4 * values);
        assertThat(report.at("/memory/savingPayload").asDouble())
                .isEqualTo(4.0 * values / report.at("/memory/payloadBytes").asLong());
        assertThat(report.at("/memory/totalBytes").asLong())
                .isGreaterThan(report.at("/memory/storedBytes").asLong());
        assertThat(report.at("/memory/peakBytes").asLong()).isPositive();
        assertThat(model.resolve("metrics.json")).exists();
    }

    @Test
    void theSameCommandGivesTheSameNumbersOnOneThreadAndOnTwo() {
        List<String> quantize = List.of("--bits", "4 L1.embedding=1", "--seeds", "2", "--json", "-q");
        JsonNode two = run("quantize", quantize.toArray(String[]::new)).json();
        List<String> all = new ArrayList<>(graph);
        all.addAll(List.of("--epochs", "30", "--finetune-epochs", "4", "--threads", "1"));
        JsonNode one = Cli.run(Cli.args("quantize", all, quantize.toArray(String[]::new)))
                .json();
        for (String part : List.of("fp32", "quantized", "layers", "memory")) {
            assertThat(one.get(part)).as(part).isEqualTo(two.get(part));
        }
    }

    @Test
    void quietJsonLeavesStandardErrorEmptyAndTextNamesWhatWasMeasured() {
        assertThat(run("train", "--json", "-q").err()).isEmpty();
        Cli.Result text = run("quantize", "-b", "L1.embedding=1 message=4 L2.embedding=4 weight=4");
        assertThat(text.code()).isZero();
        assertThat(text.out())
                .contains("aggregated: int", "payload", "stored", "total", "peak", "drop", "without the features");
    }

    /** Embeddings of 4 bits weigh less than fp32 messages here, so the order of least bytes sums codes. */
    @Test
    void thePresetOfThePaperQuantizesAttentionAndSaysWhatItAggregates() {
        JsonNode paper = run("quantize", "--preset", "paper", "--json", "-q").json();
        assertThat(paper.at("/quantized/bits").asText())
                .isEqualTo("L1.embedding=4 L1.attention=4 L2.embedding=4 L2.attention=4");
        assertThat(paper.at("/quantized/averageBits").asDouble()).isEqualTo(4);
        assertThat(paper.at("/layers")).allSatisfy(layer -> {
            assertThat(layer.get("order").asText()).isEqualTo("aggregate-first");
            assertThat(layer.get("aggregated").asText()).isEqualTo("int");
        });
        Cli.Result fp32 = run("quantize", "--preset", "paper", "--order", "transform-first", "--json", "-q");
        assertThat(fp32.json().at("/layers")).allSatisfy(layer -> {
            assertThat(layer.get("order").asText()).isEqualTo("transform-first");
            assertThat(layer.get("aggregated").asText()).isEqualTo("fp32");
        });
    }

    @Test
    void theAccuracyGateFailsWithThree() {
        Cli.Result missed = run("quantize", "-b", "4", "--max-drop", "-100", "--json");
        assertThat(missed.code()).isEqualTo(ExitCode.GATE_MISSED);
        assertThat(missed.err()).contains("accuracy gate missed").doesNotContain("\tat ");
        assertThat(missed.json().at("/quantized/testDrop").isNumber()).isTrue();
        assertThat(run("quantize", "-b", "4", "--max-drop", "100", "-q").code()).isZero();
    }

    @Test
    void progressAndReportNameTheSameThreads() {
        Cli.Result result = run("train", "--seeds", "2", "--json");
        String device = result.json().at("/deviceDescription").asText();
        assertThat(device).contains("2 threads");
        assertThat(result.err()).containsOnlyOnce("device: ").contains("device: " + device);
    }

    @Test
    void aStudyIsContinuedWithResumeAndNeverOverwritten() throws Exception {
        String study = folder.resolve("s.db").toString();
        List<String> options = List.of(
                "--study", study, "--trial-epochs", "1", "--strategy", "random", "--max-drop", "100", "--json", "-q");
        List<String> four = new ArrayList<>(options);
        four.addAll(List.of("--trials", "4"));
        assertThat(run("search", four.toArray(String[]::new))
                        .json()
                        .at("/search/trials")
                        .asInt())
                .isEqualTo(4);
        byte[] before = Files.readAllBytes(Path.of(study));
        Cli.Result refused = run("search", four.toArray(String[]::new));
        assertThat(refused.code()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(refused.err()).contains(study, "--resume").doesNotContain("\tat ");
        assertThat(Files.readAllBytes(Path.of(study))).isEqualTo(before);
        List<String> six = new ArrayList<>(options);
        six.addAll(List.of("--trials", "6", "--resume"));
        Cli.Result resumed = run("search", six.toArray(String[]::new));
        assertThat(resumed.code()).as(resumed.err()).isZero();
        assertThat(resumed.json().at("/search/trials").asInt()).isEqualTo(6);
        Cli.Result other = run("search", "--study", study, "--resume", "--trials", "6", "--hidden", "8");
        assertThat(other.code()).as("another recipe: %s", other.err()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(other.err()).contains(study).doesNotContain("\tat ");
    }

    @Test
    void quantizeLearnsWidthsPerDegreeClassAndSaysThem() {
        Cli.Result result = run(
                "quantize",
                "--learn-bits",
                "2.5",
                "--bits",
                "4 L1.embedding=1",
                "--learn-rounds",
                "2",
                "--learn-epochs",
                "2",
                "--seeds",
                "2",
                "--protect",
                "0.0:0.2",
                "--learn-steps",
                "--json");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.leaked()).isZero();
        String bits = result.json().at("/quantized/bits").asText();
        assertThat(bits).contains("@deg(").contains("L1.message=[");
        assertThat(result.err()).contains("learned bits: " + bits);
        assertThat(result.json().at("/quantized/bitsInner").asDouble()).isBetween(1.5, 2.5);
    }

    @Test
    void learningBitsRefusesWhatCannotBeLearnedInOneSentence() {
        assertThat(run("quantize", "--learn-bits", "0.5").err())
                .contains("bits to learn must lie between 1 and 8 per value on average, got 0.5");
        assertThat(run("quantize", "--learn-bits", "2", "--learn-rounds", "0").err())
                .contains("learning bits needs at least one round of one epoch, got 0 rounds of 10 epochs");
        assertThat(run("quantize", "--learn-bits", "4", "--bits", "4 L1.message=e4m3")
                        .err())
                .contains("learning bits: L1.message starts at e4m3, a float")
                .doesNotContain("train ");
        assertThat(run("quantize", "--bits", "4", "--protect", "0.3:0.1").err())
                .contains("protection needs probabilities 0 <= low <= high < 1, got 0.3:0.1");
        assertThat(run("quantize", "--bits", "4", "--learn-steps", "--step-rate", "0")
                        .err())
                .contains("the learning rate factor of scales must be positive and finite, got 0.0");
    }
}
