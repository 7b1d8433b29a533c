package org.sgquant.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.kernels.cpu.CpuKernels;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.report.Json;
import org.sgquant.tensor.HostMemory;

/** The command as a user types it. */
class BenchCommandTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    @Test
    void every_kernel_and_width_has_a_record_in_json_and_the_document_has_its_parts() throws Exception {
        long before = HostMemory.liveBytes();
        BenchCli.Result result = BenchCli.run(
                "bench",
                "--shape",
                "tiny",
                "--features",
                "33",
                "--threads",
                "1,2",
                "--peer",
                "none",
                "--check",
                "-o",
                "json");
        assertThat(result.code()).as(result.err()).isZero();
        JsonNode report = JSON.readTree(result.out());
        assertThat(report.fieldNames())
                .toIterable()
                .containsExactly(
                        "machine",
                        "reproduce",
                        "shapes",
                        "ceiling",
                        "peers",
                        "records",
                        "checked",
                        "checkedValues",
                        "failures",
                        "endToEnd",
                        "scaling");
        assertThat(report.get("reproduce").asText())
                .isEqualTo("sgquant bench --shape tiny --features 33 --threads 1,2 --peer none --seed 1 --check");
        JsonNode records = report.get("records");
        assertThat(records).hasSize(Kernel.values().length * Kernel.WIDTHS.size() * 2);
        assertThat(report.get("checked").asInt()).isEqualTo(records.size());
        assertThat(records)
                .allSatisfy(record -> {
                    assertThat(record.fieldNames()).toIterable().containsExactlyElementsOf(BenchRecord.columns());
                    assertThat(record.get("medianMs").asDouble()).isPositive();
                    assertThat(record.get("gbps").asDouble()).isNotNegative();
                    assertThat(record.get("peer").isNull()).isTrue();
                })
                .filteredOn(record -> record.get("bits").asInt() == 32)
                .allSatisfy(
                        record -> assertThat(record.get("ratioFp32").asDouble()).isEqualTo(1));
        assertThat(report.get("ceiling").get("gather")).hasSize(Kernel.WIDTHS.size() * 2);
        assertThat(report.get("ceiling").get("stream")).hasSize(2);
        assertThat(HostMemory.liveBytes()).as("leaked").isEqualTo(before);
    }

    @Test
    void the_peer_of_the_same_library_has_records_at_the_widths_that_it_can() throws Exception {
        assumeThat(CpuKernels.chosen()).isNotEqualTo(CpuKernels.JAVA);
        BenchCli.Result result = BenchCli.tiny("--kernel", "spmm", "--peer", "fbgemm-style", "-o", "json", "-q");
        assertThat(result.code()).as(result.err()).isZero();
        assertThat(JSON.readTree(result.out()).get("records"))
                .filteredOn(record -> record.get("peer").asText().equals("fbgemm-style"))
                .extracting(record -> record.get("bits").asInt())
                .containsExactly(8, 4, 2, 1);
    }

    @Test
    void the_columns_of_every_form_begin_as_documented() {
        assertThat(BenchRecord.columns())
                .startsWith(
                        "kernel",
                        "bits",
                        "shape",
                        "features",
                        "threads",
                        "medianMs",
                        "spreadMs",
                        "gbps",
                        "ratioFp32",
                        "peer");
    }

    @Test
    void markdown_and_csv_have_the_numbers_of_json() throws Exception {
        BenchReport report = ReportFixture.measured();
        JsonNode records = JSON.readTree(Json.write(report)).get("records");
        List<List<String>> expected = new ArrayList<>();
        for (JsonNode record : records) {
            List<String> row = new ArrayList<>();
            record.forEach(
                    cell -> row.add(cell.isNull() ? "" : cell.isNumber() ? plain(cell.decimalValue()) : cell.asText()));
            expected.add(row);
        }
        assertThat(expected).hasSize(2);
        List<List<String>> csv = BenchTables.csv(report)
                .lines()
                .skip(1)
                .map(line -> cells(line, ","))
                .toList();
        List<List<String>> markdown = BenchTables.markdown(report)
                .lines()
                .filter(line -> line.startsWith("| spmm"))
                .map(line -> cells(line.substring(1, line.length() - 1), "\\|"))
                .toList();
        assertThat(csv).isEqualTo(expected);
        assertThat(markdown).isEqualTo(expected);
    }

    /** One number has one text. */
    private static List<String> cells(String line, String separator) {
        return Arrays.stream(line.split(separator, -1))
                .map(String::strip)
                .map(cell -> cell.matches("[0-9.]+") ? plain(new BigDecimal(cell)) : cell)
                .toList();
    }

    private static String plain(BigDecimal number) {
        return number.stripTrailingZeros().toPlainString();
    }

    @Test
    void the_report_goes_to_a_file_where_one_is_named() throws Exception {
        Path file = folder.resolve("bench.csv");
        BenchCli.Result result =
                BenchCli.tiny("--kernel", "pack", "--bits", "4", "-o", "csv", "--file", file.toString(), "-q");
        assertThat(result).isEqualTo(new BenchCli.Result(0, "", ""));
        assertThat(Files.readAllLines(file)).hasSize(2);
    }

    @Test
    void a_file_that_cannot_be_written_is_refused_before_anything_is_measured() {
        BenchCli.Result result = BenchCli.tiny("--file", folder.toString());
        assertThat(result.code()).isNotZero();
        assertThat(result.err().lines()).singleElement().asString().contains("--file " + folder, "cannot be written");
    }

    @Test
    void what_is_named_twice_is_measured_once() throws Exception {
        assumeThat(CpuKernels.chosen()).isNotEqualTo(CpuKernels.JAVA);
        BenchCli.Result result = BenchCli.run(
                "bench",
                "--shape",
                "tiny,tiny",
                "--features",
                "33",
                "--threads",
                "1",
                "--kernel",
                "spmm",
                "--bits",
                "4",
                "--peer",
                "fbgemm-style,fbgemm-style",
                "--check",
                "-o",
                "json");
        JsonNode report = JSON.readTree(result.out());
        assertThat(report.get("shapes")).hasSize(1);
        assertThat(report.get("peers")).hasSize(1);
        assertThat(report.get("records")).hasSize(2);
    }

    @Test
    void a_kept_graph_of_another_seed_is_refused() throws Exception {
        BenchCli.tiny("--kernel", "spmm", "--bits", "4", "--work", folder.toString());
        Path header = folder.resolve("tiny/graph.json");
        Files.writeString(
                header,
                Files.readString(header).replace("\"seed\" : 1", "\"seed\" : 7").replace("\"seed\": 1", "\"seed\": 7"));
        BenchCli.Result result = BenchCli.tiny("--kernel", "spmm", "--bits", "4", "--work", folder.toString(), "-q");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err())
                .contains("graph.json: got tiny of 701 nodes by seed 7, expected tiny of 701 nodes by seed 1");
    }

    @Test
    void graphs_are_kept_and_read_again() throws Exception {
        assertThat(BenchCli.tiny("--kernel", "spmm", "--bits", "4", "--work", folder.toString())
                        .err())
                .contains("generating tiny");
        assertThat(folder.resolve("tiny/graph.json")).exists();
        assertThat(BenchCli.tiny("--kernel", "spmm", "--bits", "4", "--work", folder.toString())
                        .err())
                .doesNotContain("generating");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--kernel spmn | kernel 'spmn' does not exist: did you mean spmm? choose spmm, spmm-weighted, spmm-gemm,"
                        + " gemm, gemm-codes, pack, unpack",
                "--shape redit | shape 'redit' does not exist: did you mean reddit? choose tiny, cora",
                "--shape reddit/x | shape 'reddit/x': after the slash got 'x', expected a whole number from 1 on",
                "--shape reddit/1000 | graph reddit/1000: expected",
                "--bits 9 | width --bits '9' does not exist: choose 1, 2, 3, 4, 5, 6, 7, 8, 16, 32",
                "--bits four | Invalid value for option '--bits' (Q): 'four' is not an int",
                "--features 0 | --features must lie in 1..65536, got 0",
                "--threads 0 | --threads must lie in 1..1024, got 0",
                "-r 0 | --repetitions must lie in 1..100000, got 0",
                "-o xml | format 'xml' does not exist: choose md, csv, json",
                "--max-edges 1e6 | --max-edges needs --scaling",
                "--scaling --max-edges 5e5 | --max-edges must lie in 1e6..1e9, as a fit needs three sizes from 1e5 on,"
                        + " got 500000.0",
                "--check -r 2 | --check runs everything once: leave out --repetitions",
                "--json -o csv | --json and -o csv are two forms: give one",
                "--end-to-end --kernel spmm | --end-to-end measures other things than kernels: leave out --kernel",
                "--end-to-end --bits 4 | --end-to-end has widths of its own",
                "--end-to-end --features 4 | --end-to-end has features of its own",
                "--end-to-end -r 4 | --end-to-end takes its own time",
                "--end-to-end --threads 1,2 | --end-to-end takes one thread count: got --threads [1, 2]",
                "--scaling --kernel spmm | --scaling measures other things than kernels",
                "--scaling --shape cora | --scaling makes graphs of its own",
                "--scaling --full | --scaling makes graphs of its own",
                "--scaling --peer mkl | --scaling has no peers",
                "--scaling --work x | --scaling keeps no graphs",
                "--scaling --bits 4,2 | --scaling takes one width: got --bits [4, 2]",
                "--scaling --features 4,2 | --scaling takes one number of features: got --features [4, 2]",
                "--check --scaling | --check is about kernels",
                "--full --shape cora | --full takes every shape",
            })
    void wrong_words_get_a_sentence(String words, String sentence) {
        String[] all = ("bench " + words).split(" ");
        BenchCli.Result result = BenchCli.run(all);
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("sgquant: ").contains(sentence);
        assertThat(result.err().lines()).hasSize(1);
    }

    @Test
    void a_peer_that_is_asked_for_and_absent_is_refused() {
        BenchCli.Result result = BenchCli.tiny("--peer", "blas9");
        assertThat(result.code()).isEqualTo(4);
        assertThat(result.err()).contains("peer 'blas9' is not on the class path: there is ");
    }

    @Test
    void it_is_listed_among_the_commands() {
        assertThat(BenchCli.run("--help").out()).containsPattern("\n  bench +Measure kernels");
    }
}
