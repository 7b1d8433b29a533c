package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.Datasets;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.reproduce.Plan;
import org.sgquant.reproduce.Tables;

final class ReproduceCommandTest {

    @TempDir
    private Path folder;

    private Cli.Result run(Path table, String... options) {
        List<String> all = new ArrayList<>(List.of(table.toString(), "--threads", "2", "-v"));
        all.addAll(List.of("-o", folder.resolve("out").toString()));
        return Cli.run(Cli.args("reproduce", all, options));
    }

    private static long lines(Cli.Result result, String start) {
        return result.err().lines().filter(l -> l.startsWith(start)).count();
    }

    private static JsonNode row(JsonNode report, int index) {
        return report.at("/rows/" + index);
    }

    @Test
    void aTableIsRunOnceWrittenThreeTimesAndContinued() throws IOException {
        Path table = TinyTable.write(folder, TinyTable.ROWS);
        Cli.Result first = run(table, "--json");
        assertThat(first.code()).as(first.err()).isZero();
        assertThat(first.leaked()).isZero();
        assertThat(lines(first, "trained ")).as("two seeds, one training each").isEqualTo(2);
        assertThat(lines(first, "finished ")).as("rows with bits").isGreaterThanOrEqualTo(4);
        JsonNode report = first.json();
        assertThat(report)
                .isEqualTo(new ObjectMapper()
                        .readTree(folder.resolve("out/tiny.json").toFile()));
        assertThat(Files.readString(folder.resolve("out/tiny.md"))).contains("| four | files | gcn |", "2 of 2");
        assertThat(Files.readAllLines(folder.resolve("out/tiny.csv"))).hasSize(4);
        assertThat(row(report, 0).has("packed")).isFalse();
        assertThat(row(report, 0).at("/fp32")).isEqualTo(row(report, 1).at("/fp32"));
        assertThat(row(report, 1).at("/reached").asBoolean()).isTrue();
        assertThat(row(report, 1).at("/inferenceMs").asDouble()).isPositive();
        assertThat(row(report, 1).at("/published/0/ourBits").asDouble()).isEqualTo(4);
        assertThat(report.at("/meanDrop/ours").asDouble())
                .isEqualTo((row(report, 1).at("/drop").asDouble()
                                + row(report, 2).at("/drop").asDouble())
                        / 2);

        Cli.Result again = run(table, "--json");
        assertThat(lines(again, "trained ") + lines(again, "finished ")).isZero();
        assertThat(again.json().at("/rows")).isEqualTo(report.at("/rows"));

        // A changed row and a further seed cost what they cost, and nothing else.
        TinyTable.write(folder, TinyTable.ROWS.replace("bits: 2", "bits: 3"));
        Cli.Result changed = run(table);
        assertThat(lines(changed, "trained ")).isZero();
        assertThat(lines(changed, "finished two, shorter")).isEqualTo(2);
        assertThat(lines(changed, "finished ")).isEqualTo(2);
        Cli.Result further = run(table, "--seeds", "3", "--only", "FOUR");
        assertThat(lines(further, "trained ")).isEqualTo(1);
        assertThat(lines(further, "finished ")).isEqualTo(1);
        assertThat(further.out()).contains("| four |", "3 of 3", "2 of 3", "| open |");
    }

    /** As after a change of what a training is known by. */
    @Test
    void aPackedResultWithoutItsTrainingIsNotDone() throws SQLException {
        Path table = TinyTable.write(folder, TinyTable.ROWS);
        JsonNode report = run(table, "--json").json();
        try (Connection ledger = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("out/tiny.sqlite"));
                Statement statement = ledger.createStatement()) {
            assertThat(statement.executeUpdate("DELETE FROM result WHERE label LIKE '%, fp32, seed %'"))
                    .isEqualTo(2);
        }
        Cli.Result other = run(table, "--json", "--only", "four", "--seeds", "1");
        assertThat(lines(other, "trained ")).isEqualTo(1);
        assertThat(lines(other, "finished ")).isZero();
        Cli.Result again = run(table, "--json");
        assertThat(lines(again, "trained ")).isEqualTo(1);
        assertThat(again.json().at("/rows")).isEqualTo(report.at("/rows"));
        assertThat(again.json().at("/meanDrop")).isEqualTo(report.at("/meanDrop"));
    }

    @Test
    void anOptionalRowIsRunWhereItIsNamed() {
        Path table = TinyTable.write(folder, TinyTable.ROWS.replace("bits: 2", "bits: 2\n    optional: true"));
        Cli.Result usual = run(table, "--json");
        assertThat(usual.code()).as(usual.err()).isZero();
        assertThat(lines(usual, "finished two")).isZero();
        assertThat(row(usual.json(), 2).at("/finished").asInt()).isZero();
        assertThat(usual.json().at("/meanDrop/ours").asDouble())
                .isEqualTo(row(usual.json(), 1).at("/drop").asDouble());
        Cli.Result named = run(table, "--json", "--only", "two");
        assertThat(lines(named, "finished two")).isEqualTo(2);
        assertThat(row(named.json(), 2).at("/finished").asInt()).isEqualTo(2);
        assertThat(named.json().at("/meanDrop")).isEqualTo(usual.json().at("/meanDrop"));
    }

    /** The same model through the command for one assignment. */
    @Test
    void aRowIsWhatQuantizeMeasures() {
        Path table = TinyTable.write(folder, TinyTable.ROWS);
        JsonNode row = row(run(table, "--json", "--only", "four").json(), 1);
        List<String> options = new ArrayList<>(Cli.graph(folder.resolve("graph")));
        options.addAll(Cli.SHORT);
        JsonNode quantize = Cli.run(Cli.args("quantize", options, "--seeds", "2", "-b", "4 L1.embedding=1", "--json"))
                .json();
        assertThat(row.at("/fp32")).isEqualTo(quantize.at("/fp32/testAccuracy"));
        assertThat(row.at("/packed")).isEqualTo(quantize.at("/quantized/testAccuracy"));
        assertThat(row.at("/bits")).isEqualTo(quantize.at("/quantized/bits"));
        assertThat(row.at("/sizes/bitsAverage").asDouble())
                .isEqualTo(quantize.at("/quantized/averageBits").asDouble());
        assertThat(row.at("/sizes/bitsAll").asDouble())
                .isEqualTo(quantize.at("/quantized/bitsAll").asDouble());
        assertThat(row.at("/sizes/bitsInner").asDouble())
                .isEqualTo(quantize.at("/quantized/bitsInner").asDouble());
        double innerValues = 200 * 16 + 2 * 200 * (16 + 4) / 2.0 + 64 * 16 + 16 * 4;
        assertThat(row.at("/sizes/bitsInnerStored").asDouble() * innerValues / 8)
                .isCloseTo(quantize.at("/memory/innerStoredBytes").asDouble(), offset(1e-6));
    }

    @Test
    void aSeedThatDivergesIsShownAndFailsTheCommand() {
        Path table = TinyTable.write(folder, """
                rows:
                  - {name: wild, recipe: tiny, bits: 4, with: {train: {learningRate: 1.0e30, finalLearningRate: 1.0e30}},
                     target: {drop: 1}}
                """);
        Cli.Result result = run(table);
        assertThat(result.code()).isEqualTo(ExitCode.FAILED);
        assertThat(result.err()).contains("sgquant: 2 seeds have no result").doesNotContain("\tat ");
        assertThat(result.out()).contains("0 of 2", "A seed of *wild* has no result: fp32: training diverged", "open");
        assertThat(lines(run(table), "finished "))
                .as("a known failure is not tried again")
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "title|titel|tiny.yaml: line|unknown key 'titel'",
                "target:|targets:|tiny.yaml: line|unknown key 'rows[1].targets'",
                "bitsInner|innerBits|tiny.yaml: line|'rows[1].target.innerBits'",
                "epochs: 2|epoch: 2|tiny.yaml: row 'two, shorter'|unknown key 'fineTune.epoch'",
                "train:|trian:|tiny.yaml: row 'exact'|unknown key 'trian'",
                "epochs: 30|bits: 4|tiny.yaml: row 'exact'|unknown key 'train.bits'",
                "epochs: 30|epochs: many|tiny.yaml: row 'exact', key 'train.epochs'|many",
                "epochs: 30|epochs: -1|tiny.yaml: row 'exact'|epochs >= 0",
                "fineTune: {epochs: 4}|graphs: {batch: 8}|tiny.yaml: row 'exact'|is a single graph",
                "fineTune: {epochs: 4}|bits: 4|tiny.yaml: row 'exact'|the key 'bits' in its recipe",
                "bits: 2|bits: 9|tiny.yaml: row 'two, shorter'|bit width 9 does not exist",
                "recipe: tiny|recipe: huge|tiny.yaml: row 'exact', key 'recipe'|'huge'",
                "name: four|name: exact|tiny.yaml: row 'exact'|its name twice",
                "accounting: a2q|accounting: a3q|tiny.yaml: line|a3q",
                "method: A2Q, |''|row 'four', published|no key 'method'",
                "title: Tiny|''|tiny.yaml: table|no key 'title'",
                "name: four|name: ''|tiny.yaml: a row|no key 'name'",
                "bits: 2|optional: often|tiny.yaml: line|rows[2].optional",
                "seeds: 2|seeds: 0|key 'seeds'|at least 1",
                "title: Tiny|title: [|tiny.yaml: line|key 'title': got a list, expected text",
                "head:|title:|tiny.yaml: line 2|Duplicate field 'title'",
            })
    void aMistakeInATableIsNamedWithItsFileAndKey(String from, String to, String place, String message)
            throws IOException {
        Path table = TinyTable.write(folder, TinyTable.ROWS);
        String text = Files.readString(table);
        assertThat(text).contains(from);
        Files.writeString(table, text.replaceFirst(Pattern.quote(from), to));
        Cli.Result result = run(table, "-q");
        SavedModelCommandsTest.refused(result, ExitCode.BAD_INPUT, message);
        assertThat(result.err()).contains(place);
    }

    @Test
    void whatIsNotThereIsSaidBeforeAnythingRuns() {
        Path table = TinyTable.write(folder, TinyTable.ROWS + "  - {name: far, with: {dataset: {name: pubmed}}}\n");
        Path empty = folder.resolve("empty");
        Cli.Result missing = run(table, "-q", "--data-dir", empty.toString());
        if (!Datasets.standard(empty).isThere("pubmed")) {
            SavedModelCommandsTest.refused(missing, ExitCode.USAGE, "row 'far': dataset 'pubmed' not found");
            assertThat(missing.err()).contains("'sgquant datasets get pubmed' downloads it");
            Cli.Result others = run(table, "--only", "four", "--data-dir", empty.toString());
            assertThat(others.code()).as(others.err()).isZero();
            assertThat(others.out()).contains("| far | pubmed | gcn | 32 | 0 of 2 |");
        }
        SavedModelCommandsTest.refused(run(table, "-q", "--only", "nosuch"), ExitCode.USAGE, "names no row");
        SavedModelCommandsTest.refused(run(table, "-q", "--seeds", "0"), ExitCode.USAGE, "--seeds must be at least 1");
        SavedModelCommandsTest.refused(
                run(folder.resolve("nosuch.yaml"), "-q"), ExitCode.BAD_INPUT, "there is no such file");
        SavedModelCommandsTest.refused(
                Cli.run("reproduce", "nosuch"), ExitCode.USAGE, "table 'nosuch' does not exist: choose");
        SavedModelCommandsTest.refused(Cli.run("reproduce"), ExitCode.USAGE, "name a table");
    }

    @Test
    void tablesAreListedAndTheirYamlIsAStartForOnesOwn() throws IOException {
        Cli.Result list = Cli.run("reproduce", "--list");
        assertThat(list.out().lines()).hasSize(Tables.names().size());
        for (String name : Tables.names()) {
            assertThat(list.out()).contains(name);
            Path copy = Files.writeString(
                    folder.resolve(name + ".yaml"),
                    Cli.run("reproduce", name, "--yaml").out());
            assertThat(Tables.open(copy.toString()).table())
                    .isEqualTo(Tables.open(name).table());
        }
    }

    /** Recipes and bits of the tables that come with sgquant, against the graphs they are about. */
    @Test
    @EnabledIfEnvironmentVariable(named = "SGQUANT_DATA", matches = ".+")
    void everyRowOfOurTablesFitsItsModelAndItsGraph() {
        DatasetOptionsGroup data = new DatasetOptionsGroup();
        for (String name : Tables.names()) {
            new Plan(
                            Tables.open(name),
                            model -> ReproduceCommand.defaults(model, data),
                            List.of(),
                            TrainingLibraries.NONE,
                            0,
                            1,
                            d -> true,
                            d -> ReproduceCommand.open(d, Datasets.standard(null), data, Console.SILENT))
                    .close();
        }
    }
}
