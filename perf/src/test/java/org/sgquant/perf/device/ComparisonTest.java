package org.sgquant.perf.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.perf.device.Comparison.Row;
import org.sgquant.perf.device.Comparison.Verdict;

/** On made-up lines: no figure in them was measured. */
class ComparisonTest {

    private Comparison comparison;

    @TempDir
    private Path folder;

    @BeforeEach
    void read() throws Exception {
        comparison = Comparison.of(Report.lines(
                Path.of(ComparisonTest.class.getResource("made-up.jsonl").toURI())));
    }

    private Row row(String by, String operation, String type, int columns) {
        return comparison.rows().stream()
                .filter(r -> r.by().equals(by)
                        && r.subject().operation().equals(operation)
                        && r.subject().type().equals(type)
                        && r.subject().columns() == columns)
                .findFirst()
                .orElseThrow();
    }

    private Verdict verdict(String operation, String type, int columns, Target.Goal goal) {
        return comparison.targets().stream()
                .filter(v -> v.target().operation().equals(operation)
                        && v.target().type().equals(type)
                        && v.target().columns() == columns
                        && v.target().goal() == goal)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void rates_are_set_against_the_fastest_copy() {
        assertThat(comparison.copies())
                .extracting(Comparison.Copy::gigabytesPerSecond)
                .containsExactly(500.0, 1000.0);
        Row q8 = row("sgquant", "spmm", "q8", 128);
        assertThat(q8.gigabytesPerSecond()).isEqualTo(1500);
        assertThat(q8.percentOfCopy()).isEqualTo(150);
    }

    @Test
    void sums_are_set_against_cusparse_at_the_same_columns() {
        assertThat(row("sgquant", "spmm", "q8", 128).overCusparse()).isEqualTo(4);
        assertThat(row("torch CSR", "spmm", "fp32", 128).overCusparse()).isEqualTo(0.8);
        assertThat(row("sgquant", "spmm", "q8", 64).overCusparse()).isNull();
        assertThat(row("sgquant", "pack", "q8", 128).overCusparse()).isNull();
    }

    @Test
    void the_fastest_of_cusparse_counts_through_jcuda_too_but_not_where_it_rounds_its_operand() throws Exception {
        List<Line> lines = new ArrayList<>(Report.lines(
                Path.of(ComparisonTest.class.getResource("made-up.jsonl").toURI())));
        Sampler.Times faster = new Sampler.Times(4, 4, 4, 200, 1);
        lines.add(Line.time(
                "jcusparse cusparse", row("cusparse", "spmm", "fp32", 128).subject(), faster, null, 0));
        lines.add(Line.time(
                "jcusparse cusparse-fp16", row("cusparse", "spmm", "fp16", 128).subject(), faster, null, 0));
        comparison = Comparison.of(lines);
        assertThat(row("sgquant", "spmm", "q8", 128).overCusparse()).isEqualTo(2);
        assertThat(verdict("spmm", "q8", 128, Target.Goal.OVER_CUSPARSE_FP16).got())
                .isCloseTo(2.5, within(1e-12));
    }

    @Test
    void of_two_lines_on_the_same_subject_the_later_counts() {
        assertThat(row("sgquant", "spmm", "q4", 128).milliseconds().median()).isEqualTo(1.6);
        assertThat(comparison.rows())
                .filteredOn(r -> r.subject().type().equals("q4"))
                .hasSize(1);
    }

    @Test
    void targets_are_met_missed_or_not_measured() {
        Verdict met = verdict("spmm", "q8", 128, Target.Goal.OVER_CUSPARSE_FP32);
        assertThat(met.got()).isEqualTo(4);
        assertThat(met.met()).isTrue();
        Verdict missed = verdict("spmm", "q4", 128, Target.Goal.OVER_CUSPARSE_FP32);
        assertThat(missed.got()).isEqualTo(5);
        assertThat(missed.met()).isFalse();
        Verdict half = verdict("spmm", "q8", 128, Target.Goal.OVER_CUSPARSE_FP16);
        assertThat(half.got()).isCloseTo(2.5, within(1e-12));
        assertThat(half.met()).isTrue();
        Verdict open = verdict("spmm", "q2", 128, Target.Goal.OVER_CUSPARSE_FP32);
        assertThat(open.got()).isNull();
        assertThat(open.met()).isNull();
    }

    @Test
    void tables_show_rows_targets_and_what_is_missing() {
        assertThat(ComparisonTables.of(comparison))
                .contains("## reddit: 232,965 nodes, 114,615,892 edges")
                .contains("| spmm | 128 | sgquant | q8 | 2.0000 | 1.9000 to 2.1000 | 1500 | 150 | 4.00 | 0.0e+00 |")
                .contains("| reddit | spmm | 128 | q8 | 3.5 times cuSPARSE fp32 | 4.00 | met |")
                .contains("| reddit | spmm | 128 | q4 | 6.0 times cuSPARSE fp32 | 5.00 | missed |")
                .contains("| reddit | spmm | 128 | q2 | 9.0 times cuSPARSE fp32 |  | not measured |")
                .contains("- PyG torch_sparse: No module named 'torch_sparse'")
                .contains("- PyG scatter, spmm fp32 of reddit at 128 columns: OutOfMemoryError")
                .doesNotContain("Not measured on a GPU");
    }

    @Test
    void times_of_the_emulator_are_called_what_they_are() {
        Line emulator = Line.machine("sgquant", "cuda (sgquant emulator (CPU), sm_90, 4 multiprocessors)");
        assertThat(ComparisonTables.of(Comparison.of(List.of(emulator)))).contains("**Not measured on a GPU");
    }

    @Test
    void the_report_is_written_as_json_and_markdown() throws Exception {
        Report.main(new String[] {
            folder.toString(),
            Path.of(ComparisonTest.class.getResource("made-up.jsonl").toURI()).toString()
        });
        assertThat(Files.readString(folder.resolve("kernels.md"))).isEqualTo(ComparisonTables.of(comparison));
        assertThat(Files.readString(folder.resolve("kernels.json")))
                .contains("\"overCusparse\" : 4.0", "\"percentOfCopy\" : 150.0", "\"met\" : false");
    }

    @Test
    void a_line_that_is_none_is_named() throws Exception {
        Path file = Files.writeString(folder.resolve("bad.jsonl"), "{\"kind\":\"TIME\",\"speed\":1}\n");
        assertThatThrownBy(() -> Report.lines(file))
                .hasMessageContaining("bad.jsonl: not a measurement: {\"kind\":\"TIME\",\"speed\":1}");
    }
}
