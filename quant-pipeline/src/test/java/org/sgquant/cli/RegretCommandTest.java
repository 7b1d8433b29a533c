package org.sgquant.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code sgquant regret}: every strategy is judged, prepared once a seed; what it cannot take is refused at once. */
final class RegretCommandTest {

    @TempDir
    private static Path folder;

    private static Path study;

    @BeforeAll
    static void measureEverything() {
        study = folder.resolve("all.db");
        Cli.Result result =
                Cli.run(Cli.args("search", options(), "-q", "--strategy", "exhaustive", "--study", study.toString()));
        assertThat(result.code()).as(result.toString()).isZero();
    }

    private static List<String> options() {
        List<String> options = new ArrayList<>(Cli.graph(folder));
        options.addAll(Cli.SHORT);
        options.addAll(List.of("--feature-bits", "1", "--inner-bits", "1,8", "--trial-epochs", "0"));
        options.addAll(List.of("--trial-seeds", "1", "--objective", "inner", "--max-drop", "5"));
        return options;
    }

    private static Cli.Result regret(String... more) {
        List<String> all = Cli.args("regret", options(), more);
        all.addAll(List.of("--study", study.toString()));
        return Cli.run(all);
    }

    @Test
    void judgesEveryStrategyAndKeepsWhatItPrepared() {
        Cli.Result first = regret("--repeats", "1", "--json", "-q");
        assertThat(first.code()).as(first.toString()).isZero();
        assertThat(first.leaked()).isZero();
        JsonNode rows = first.json().at("/strategies");
        assertThat(rows).hasSize(7);
        assertThat(first.json().at("/configurations").asInt()).isEqualTo(32);
        for (JsonNode row : rows) {
            boolean trains = List.of("controller", "differentiable", "knapsack", "hawq")
                    .contains(row.at("/strategy").asText());
            assertThat(row.at("/preparation").asDouble()).as(row.toString()).isGreaterThan(trains ? 1e-3 : 0);
        }
        JsonNode again = regret("--repeats", "1", "--json", "-q").json().at("/strategies");
        for (int i = 0; i < rows.size(); i++) {
            // To the last digit: it was not made again.
            assertThat(again.at("/" + i + "/preparation")).isEqualTo(rows.at("/" + i + "/preparation"));
            assertThat(again.at("/" + i + "/trials")).isEqualTo(rows.at("/" + i + "/trials"));
        }
        assertThat(regret("--strategy", "exhaustive", "--repeats", "1", "--strategies", "random")
                        .out())
                .contains("preparation", "regret at 5 %");
    }

    /** What was prepared for one space is of no use in another one, though the study has the trials of both. */
    @Test
    void aSmallerSpaceIsPreparedForByItself() {
        for (String bits : List.of("1,8", "8")) {
            List<String> of = new ArrayList<>(options());
            of.set(of.indexOf("--inner-bits") + 1, bits);
            Cli.Result result = Cli.run(Cli.args(
                    "regret",
                    of,
                    "--study",
                    study.toString(),
                    "--repeats",
                    "1",
                    "--strategies",
                    "knapsack",
                    "--json",
                    "-q"));
            assertThat(result.code()).as(result.toString()).isZero();
            assertThat(result.json().at("/configurations").asInt()).isEqualTo(bits.equals("8") ? 1 : 32);
        }
    }

    @Test
    void refusesWhatIsOfASearch() {
        refused(
                "a study of --strategy exhaustive, got abs: the strategies to compare are given by --strategies",
                "--strategy",
                "abs");
        refused("--trials", "--trials", "9");
        refused("--workers", "--workers", "2");
        refused("--resume", "--resume");
        assertThat(Cli.run("regret", "--help").out())
                .contains("--strategy=exhaustive", "--inner-bits", "--study", "--strategies")
                .doesNotContain("--trials", "--workers", "--resume");
        refused("strategy 'magic' does not exist", "--strategies", "magic");
    }

    @Test
    void refusesWeightsThatAStrategyCannotDoWithBeforeItTrains() {
        refused(
                "strategy controller needs affine or multi-bit weights",
                "--weights",
                "pot",
                "--strategies",
                "controller");
        for (String strategy : List.of("differentiable", "hawq")) {
            Cli.Result result = Cli.run(
                    Cli.args("search", options(), "--weights", "multibit", "--strategy", strategy, "--trials", "3"));
            assertThat(result.code()).isEqualTo(ExitCode.USAGE);
            assertThat(result.err())
                    .contains("strategy " + strategy + " needs affine weights")
                    .doesNotContain("train");
        }
    }

    private static void refused(String message, String... more) {
        Cli.Result result = regret(more);
        assertThat(result.code()).as(result.toString()).isEqualTo(ExitCode.USAGE);
        assertThat(result.err()).contains(message).doesNotContain("Exception");
    }
}
