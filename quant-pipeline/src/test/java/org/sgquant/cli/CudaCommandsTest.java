package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.cuda.testing.OnLibraries;

/** The commands with {@code --device cuda}. */
@OnDevice
final class CudaCommandsTest {

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
        Cli.Result result = Cli.run(Cli.args(command, all, options));
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(result.leaked()).isZero();
        return result;
    }

    private static Cli.Result eval(Path model, String device) {
        Cli.Result result = Cli.run("eval", model.toString(), "--device", device, "--json", "-q");
        assertThat(result.code()).as(result.err()).isZero();
        return result;
    }

    @Test
    void run_trains_searches_packs_and_infers_on_the_device_and_eval_agrees_everywhere() {
        Path model = folder.resolve("found");
        JsonNode report = run(
                        "run",
                        "--device",
                        "cuda",
                        "--seeds",
                        "2",
                        "--trials",
                        "4",
                        "--trial-epochs",
                        "2",
                        "--json",
                        "-o",
                        model.toString())
                .json();
        assertThat(report.at("/device").asText()).isEqualTo("cuda");
        assertThat(report.at("/deviceDescription").asText())
                .startsWith("cuda (")
                .contains(", sm_");
        assertThat(report.at("/search/trials").asInt()).isEqualTo(4);
        assertThat(report.at("/quantized/testAccuracy/mean").asDouble()).isGreaterThan(40);
        JsonNode onDevice = eval(model, "cuda").json();
        JsonNode onCpu = eval(model, "cpu").json();
        assertThat(onDevice.at("/codesSha256")).isEqualTo(onCpu.at("/codesSha256"));
        assertThat(onDevice.at("/codesSha256").size()).isPositive();
        assertThat(onDevice.at("/testAccuracy")).isEqualTo(onCpu.at("/testAccuracy"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gat", "agnn"})
    void attention_is_trained_fine_tuned_packed_and_inferred_on_the_device(String name) {
        Path model = folder.resolve(name);
        JsonNode report = run(
                        "quantize",
                        "--model",
                        name,
                        "--bits",
                        "4 attention=2 L1.embedding=1",
                        "--device",
                        "cuda",
                        "--json",
                        "-o",
                        model.toString())
                .json();
        assertThat(report.at("/device").asText()).isEqualTo("cuda");
        assertThat(report.at("/quantized/testAccuracy/mean").asDouble()).isGreaterThan(40);
        JsonNode onDevice = eval(model, "cuda").json();
        JsonNode onCpu = eval(model, "cpu").json();
        assertThat(onDevice.at("/codesSha256")).isEqualTo(onCpu.at("/codesSha256"));
        assertThat(onDevice.at("/codesSha256").has("L2.attention")).isTrue();
        assertThat(onDevice.at("/testAccuracy")).isEqualTo(onCpu.at("/testAccuracy"));
        Path csv = folder.resolve(name + ".csv");
        assertThat(Cli.run("predict", model.toString(), "--device", "cuda", "-o", csv.toString())
                        .code())
                .isZero();
        assertThat(csv).isNotEmptyFile();
    }

    @OnLibraries
    @Test
    void what_libraries_trained_is_inferred_to_the_same_bits_with_and_without_them() {
        Path model = folder.resolve("libraries");
        JsonNode report = run(
                        "quantize",
                        "--bits",
                        "4",
                        "--device",
                        "cuda",
                        "--dense",
                        "cublas",
                        "--sparse",
                        "cusparse",
                        "--json",
                        "-o",
                        model.toString())
                .json();
        assertThat(report.at("/deviceDescription").asText())
                .contains("dense products by cublas (cuBLAS ", "aggregation of one head by cusparse (cuSPARSE ");
        assertThat(report.at("/quantized/testAccuracy/mean").asDouble()).isGreaterThan(40);
        JsonNode own = eval(model, "cpu").json();
        Cli.Result other = Cli.run(
                "eval",
                model.toString(),
                "--device",
                "cuda",
                "--dense",
                "cublas-bf16",
                "--sparse",
                "cusparse-fp16",
                "--json",
                "-q");
        assertThat(other.code()).as(other.err()).isZero();
        assertThat(other.json().at("/codesSha256")).isEqualTo(own.at("/codesSha256"));
        assertThat(other.json().at("/testAccuracy")).isEqualTo(own.at("/testAccuracy"));
    }

    @Test
    void trained_apart_the_accuracies_agree_within_the_spread_of_seeds() {
        JsonNode cuda = quantized("cuda");
        JsonNode cpu = quantized("cpu");
        double spread = Math.max(1, cpu.at("/quantized/testAccuracy/std").asDouble());
        assertThat(Math.abs(cuda.at("/quantized/testAccuracy/mean").asDouble()
                        - cpu.at("/quantized/testAccuracy/mean").asDouble()))
                .isLessThanOrEqualTo(spread);
    }

    private static JsonNode quantized(String device) {
        return run("quantize", "--bits", "4", "--seeds", "3", "--device", device, "--json")
                .json();
    }
}
