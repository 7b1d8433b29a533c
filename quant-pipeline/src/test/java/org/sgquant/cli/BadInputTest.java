package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.FormatException;
import org.sgquant.experiment.Sweeps;
import org.sgquant.report.Json;
import picocli.CommandLine;

/** What a user can get wrong: one sentence, the right exit code, no stack trace. */
final class BadInputTest {

    @TempDir
    private static Path folder;

    private static List<String> graph;

    @BeforeAll
    static void writeGraph() {
        graph = Cli.graph(folder.resolve("graph"));
    }

    private static Cli.Result run(String command, String... options) {
        return Cli.run(Cli.args(command, graph, options));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "9|bit width 9 does not exist",
                "0|bit width 0 does not exist",
                "message=9|bit width 9 does not exist",
                "L7.message=4|'L7.message' names no cell of this model",
                "attention=4|'attention' names no cell",
                "[4,2]|got 2 widths [4,2] for 1 degree buckets",
                "message=[4,2] @deg(2,3)|got 2 widths [4,2] for 3 degree buckets",
                "weight=[4,2] @deg(2)|weights have no degree buckets",
                "message=[]|must not be empty",
                "4 4|given twice",
                "four|'four' is not of the form",
                "4 @deg(3,2)|must be ascending",
                "4 @deg(99999999999)|99999999999",
                "4 @halves|'@halves'",
                "99999999999|99999999999",
            })
    void impossibleBitsAreAUsageError(String bits, String message) {
        SavedModelCommandsTest.refused(run("quantize", "-b", bits, "-q"), ExitCode.USAGE, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run|--model|nosuch|model 'nosuch' does not exist",
                "run|--seeds|0|--seeds must be at least 1",
                "run|--threads|0|--threads must lie in 1..1024",
                "run|--granularity|row|is for the features alone",
                "run|--norm|half|norm 'half' does not exist",
                "run|--order|any|order 'any' does not exist",
                "run|--dropout|1|dropout must lie in [0, 1)",
                "run|--layers|0|at least one layer",
                "run|--weights|signs|weights 'signs' do not exist: choose affine, pot[:ORDER] or multibit",
                "run|--calibration|best|calibration 'best' does not exist",
                "run|--calibration|percentile:2|percentile 2.0 must lie",
                "run|--granularity|node|granularity 'node' does not exist: choose one of tensor bucket column row rowcode",
                "run|--rounding|up|rounding 'up' does not exist",
                "run|--features-form|thin|features form 'thin' does not exist",
                "run|--device|tpu|device 'tpu' does not exist",
                "run|--strategy|magic|strategy 'magic' does not exist: choose one of abs abs-forest random knapsack",
                "run|--strategy|rando|strategy 'rando' does not exist: did you mean random?",
                "run|--objective|none|objective 'none' does not exist",
                "run|--trials|0|--trials must be at least 1",
                "run|--max-drop|-Infinity|--max-drop must be a number of points",
                "run|--inner-bits|9|bit width 9 does not exist",
                "run|--inner-bits|2,2|--inner-bits has 2 twice",
                "run|--feature-bits|1,2,1|--feature-bits has 1 twice",
                "sensitivity|--widths|4,4|--widths has 4 twice",
                "sensitivity|--widths|32|--widths [32] quantize nothing",
                "run|--lr|-1|learning rate",
                "run|--epochs|-1|epochs",
                "quantize|--preset|nosuch|preset 'nosuch' does not exist",
                "quantize|--seed|0|--bits",
            })
    void impossibleOptionsAreAUsageError(String command, String option, String value, String message) {
        SavedModelCommandsTest.refused(run(command, option, value, "-q"), ExitCode.USAGE, message);
    }

    @Test
    void unknownWordsAreAUsageErrorOfOneLine() {
        SavedModelCommandsTest.refused(Cli.run("run", "--nosuch"), ExitCode.USAGE, "--nosuch");
        SavedModelCommandsTest.refused(Cli.run("run", "="), ExitCode.USAGE, "'='");
        SavedModelCommandsTest.refused(Cli.run("nosuch"), ExitCode.USAGE, "nosuch");
        SavedModelCommandsTest.refused(Cli.run(), ExitCode.USAGE, "name a command");
        SavedModelCommandsTest.refused(Cli.run("eval"), ExitCode.USAGE, "MODEL");
        SavedModelCommandsTest.refused(Cli.run("run", "--seeds", "many"), ExitCode.USAGE, "many");
        SavedModelCommandsTest.refused(run("run", "--resume", "-q"), ExitCode.USAGE, "--study");
        assertThat(Cli.run("run", "--nosuch").err().lines()).hasSize(1);
    }

    @Test
    void anUnknownDatasetIsAnsweredWithTheNearestName() {
        SavedModelCommandsTest.refused(
                Cli.run("run", "--dataset", "corra"), ExitCode.USAGE, "unknown dataset 'corra': did you mean cora?");
    }

    @Test
    void unknownOptionsCommandsAndPresetsAreAnsweredWithTheNearestName() {
        SavedModelCommandsTest.refused(Cli.run("run", "--dataste", "cora"), ExitCode.USAGE, "did you mean --dataset?");
        SavedModelCommandsTest.refused(Cli.run("run", "--trails=3"), ExitCode.USAGE, "did you mean --trials?");
        SavedModelCommandsTest.refused(Cli.run("serach"), ExitCode.USAGE, "did you mean search?");
        SavedModelCommandsTest.refused(
                run("quantize", "--preset", "papr", "-q"),
                ExitCode.USAGE,
                "'papr' does not exist: did you mean paper?");
        assertThat(Cli.run("run", "--xyz").err()).doesNotContain("did you mean");
    }

    @Test
    void aFolderIsNoStudyAndOneOfOtherFilesNoModel() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("empty"));
        for (Cli.Result result : List.of(
                run("search", "--study", empty.toString(), "-q"),
                run("search", "--study", empty.toString(), "--resume", "-q"),
                Cli.run("watch", empty.toString()))) {
            SavedModelCommandsTest.refused(result, ExitCode.BAD_INPUT, "this is a folder, a study is a file");
        }
        for (String command : List.of("report", "eval")) {
            SavedModelCommandsTest.refused(
                    Cli.run(command, empty.toString()),
                    ExitCode.BAD_INPUT,
                    "neither a saved model, which has a SHA256SUMS, nor a study");
        }
        Path zero = Files.createFile(folder.resolve("zero.db"));
        for (String more : List.of("--resume", "-q")) {
            SavedModelCommandsTest.refused(
                    run("search", "--study", zero.toString(), more), ExitCode.BAD_INPUT, "the file is empty, no study");
        }
        assertThat(zero).isEmptyFile();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"a\": 1}|line 1: the key 'cells' is missing",
                "{\"cells\": 4}|line 1, key 'cells': got a number, expected a list",
                "{\"cells\": [{\"cell\": \"x\", \"bits\": 4, \"onlyThisDrop\": \"much\"}]}|got 'much', expected a number",
                "{\"cells\": [|this is no JSON: Unexpected end-of-input",
            })
    void aDocumentThatIsNoneIsRefusedInPlainWords(String json, String message) throws IOException {
        Path file = Files.writeString(folder.resolve("sweep.json"), json);
        assertThatThrownBy(() -> Json.read(file, Sweeps.class))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith(file + ": ")
                .hasMessageContaining(message)
                .extracting(Throwable::getMessage)
                .asString()
                .doesNotContain("Sweeps", "creator", "`");
        Path none = folder.resolve("none.json");
        assertThatThrownBy(() -> Json.read(none, Sweeps.class)).hasMessage(none + ": there is no such file");
    }

    @Test
    void anAbsentDeviceIsNamed() {
        SavedModelCommandsTest.refused(
                run("quantize", "-b", "4", "--device", "cuda", "-q"), ExitCode.UNAVAILABLE, "CUDA unavailable");
    }

    @Test
    void halfAGraphIsAUsageError() {
        SavedModelCommandsTest.refused(
                Cli.run("run", "--edges", graph.get(1)), ExitCode.USAGE, "--edges needs --features");
        SavedModelCommandsTest.refused(
                Cli.run("run", "--labels", graph.get(5)), ExitCode.USAGE, "needs --edges and --features");
        SavedModelCommandsTest.refused(
                Cli.run(Cli.args("train", graph.subList(0, 4), "-q")),
                ExitCode.USAGE,
                "needs labelled nodes to train on");
    }

    @ParameterizedTest
    @ValueSource(strings = {"e.csv", "x.npy", "y.npy", "s.npz"})
    void aDamagedDataFileIsRefusedByItsName(String file) throws IOException {
        Path damaged = folder.resolve("damaged-" + file);
        List<String> options = Cli.graph(damaged);
        byte[] bytes = Files.readAllBytes(damaged.resolve(file));
        byte[] truncated = Arrays.copyOf(bytes, bytes.length / 2);
        byte[] garbage = "0,1\nthis is no edge\n".getBytes(StandardCharsets.UTF_8);
        // Fewer lines of edges are a smaller graph: only binary files tell that they were cut.
        for (byte[] content : file.equals("e.csv") ? List.of(garbage) : List.of(truncated, garbage, new byte[0])) {
            Files.write(damaged.resolve(file), content);
            SavedModelCommandsTest.refused(
                    Cli.run(Cli.args("train", options, "-q")),
                    ExitCode.BAD_INPUT,
                    damaged.resolve(file).toString());
        }
        Files.delete(damaged.resolve(file));
        SavedModelCommandsTest.refused(Cli.run(Cli.args("train", options, "-q")), ExitCode.BAD_INPUT, file);
    }

    @Test
    void helpVersionAndDatasetsAreNoErrors() {
        for (String command :
                List.of("run", "train", "quantize", "search", "reproduce", "eval", "predict", "datasets")) {
            Cli.Result help = Cli.run(command, "--help");
            assertThat(help.code()).isZero();
            assertThat(help.out()).contains("Usage: sgquant " + command);
        }
        assertThat(Cli.run("--help").out()).contains("Examples:", "Exit codes:");
        assertThat(Cli.run("--version").out()).startsWith("sgquant ");
        assertThat(Cli.run("datasets").out()).contains("cora", "synthetic", "generated");
        assertThat(Cli.run("datasets", "--json").json()).hasSizeGreaterThan(5);
        assertThat(Cli.run("generate-completion").out()).contains("complete");
    }

    /** What picocli cannot format it says on standard error, and prints the description as it is. */
    @Test
    void everyHelpIsWellFormed() {
        List<List<String>> commands = new ArrayList<>();
        collect(Sgquant.commandLine(), List.of(), commands);
        assertThat(commands).contains(List.of("regret"), List.of("recipes", "show"));
        for (List<String> command : commands) {
            List<String> help = new ArrayList<>(command);
            help.add("--help");
            Cli.Result result = Cli.run(help);
            assertThat(result.code()).as(result.toString()).isZero();
            assertThat(result.err()).as(help.toString()).isEmpty();
            assertThat(result.out()).contains("Usage: ").doesNotContain("WARN", "%n", "%%");
        }
        assertThat(Cli.run("regret", "--help").out().replaceAll("\\s+", " ")).contains("within 2 % of the best");
        assertThat(Cli.run("search", "--help").out()).doesNotContain("--seeds");
    }

    private static void collect(CommandLine line, List<String> path, List<List<String>> commands) {
        line.getSubcommands().forEach((name, command) -> {
            List<String> inner = new ArrayList<>(path);
            inner.add(name);
            if (!List.of("help", AbsentBenchCommand.NAME).contains(name)) {
                commands.add(inner);
            }
            collect(command, inner, commands);
        });
    }

    /** The same through a process of its own, as a script sees it. */
    @Test
    void aProcessPrintsOnlyTheDocumentAndExitsWithTheCode() throws Exception {
        List<String> arguments = Cli.args("quantize", graph);
        arguments.addAll(Cli.SHORT);
        arguments.addAll(List.of("-b", "4", "--max-drop", "-100", "--json"));
        Path err = folder.resolve("stderr.txt");
        Process process = Cli.process(arguments).redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(Files.readString(err)).isEqualTo(ExitCode.GATE_MISSED);
        Cli.Result result = new Cli.Result(process.exitValue(), out, Files.readString(err), 0);
        assertThat(result.json().at("/quantized/bits").asText()).contains("L1.message=4");
        assertThat(result.err()).contains("accuracy gate missed").doesNotContain("\tat ");
    }

    @Test
    void bench_says_where_it_is_to_be_had_where_the_module_perf_is_not() {
        Cli.Result result = Cli.run("bench", "--check", "-o", "json");
        assertThat(result.code()).isEqualTo(ExitCode.UNAVAILABLE);
        assertThat(result.err()).contains("is in the module perf").contains("quant-pipeline/bin/sgquant bench");
        assertThat(Cli.run("--help").out()).doesNotContain("bench");
    }
}
