package org.sgquant.perf.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.Datasets;
import org.sgquant.kernels.Backend;
import org.sgquant.perf.workload.GraphOperands;
import org.sgquant.perf.workload.GraphPart;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;

/** Figures that are computed from others. */
class FiguresTest {

    @Test
    void percentiles_lie_between_samples_and_rounding_keeps_what_is_not_finite() {
        assertThat(Numbers.median(new double[] {3, 1, 2})).isEqualTo(2);
        assertThat(Numbers.median(new double[] {4, 1})).isEqualTo(2.5);
        assertThat(Numbers.percentile(new double[] {0, 10, 20}, 10)).isEqualTo(2, within(1e-12));
        assertThat(Numbers.rounded(0.12345, 4)).isEqualTo(0.1234);
        assertThat(Numbers.rounded(Double.NaN, 2)).isNaN();
    }

    @Test
    void rounds_take_turns_and_keep_to_their_number() {
        StringBuilder order = new StringBuilder();
        Timed a = new Timed(() -> order.append('a'));
        Timed b = new Timed(() -> order.append('b'));
        assertThat(Rounds.exactly(30).warmingUp(0).run(List.of(a, b))).isEqualTo(30);
        assertThat(order.toString()).matches("(ab|ba){30}").contains("abba", "baab");
        assertThat(a.samples()).hasSize(30);
        assertThat(Rounds.within(0, 2, 1000).warmingUp(0).run(List.of(a))).isEqualTo(2);
        String first = order.toString().substring(0, 60);
        order.setLength(0);
        Rounds.exactly(30).warmingUp(0).run(List.of(a, b));
        assertThat(order).as("one seed, one order").hasToString(first);
        order.setLength(0);
        Rounds.exactly(30).warmingUp(0).seeded(2).run(List.of(a, b));
        assertThat(order.toString()).isNotEqualTo(first);
    }

    @Test
    void no_round_begins_after_the_time_but_for_the_least() {
        Timed slow = new Timed(() -> LockSupport.parkNanos(30_000_000));
        assertThat(Rounds.within(0.1, 3, 25).warmingUp(0).run(List.of(slow))).isBetween(3, 5);
    }

    @Test
    void warming_up_settling_and_rounds_keep_to_one_deadline() {
        Timed slow = new Timed(() -> LockSupport.parkNanos(20_000_000));
        Timed other = new Timed(() -> LockSupport.parkNanos(20_000_000));
        long start = System.nanoTime();
        Rounds.within(60, 3, 1000).before(Deadline.in(1.5)).run(List.of(slow, other));
        assertThat((System.nanoTime() - start) / 1e9).isBetween(1.0, 2.5);
        assertThat(new Deadline(System.nanoTime() - 2_000_000_000, 1).left()).isZero();
    }

    @Test
    void what_fails_in_another_library_is_run_no_more() {
        int[] calls = {0};
        Timed failing = Timed.of(() -> {
            if (++calls[0] == 3) {
                throw new IllegalStateException("broken");
            }
        });
        Rounds.exactly(5).warmingUp(0).run(List.of(failing));
        assertThat(failing.failure()).hasMessage("broken");
        assertThat(calls[0]).isEqualTo(3);
        assertThat(failing.samples()).hasSize(2);
    }

    @Test
    void a_default_run_takes_its_turns_for_twelve_seconds() {
        BenchOptions options = BenchOptions.of(new BenchCommand());
        assertThat(options.rounds().seconds()).isEqualTo(12);
        assertThat(options.shapes()).containsExactly("reddit/32");
        assertThat(options.brief()).isTrue();
        assertThat(options.reproduce()).startsWith("sgquant bench --threads 1");
    }

    @Test
    void the_fit_finds_the_exponent() {
        List<Scaling.Point> points = Stream.of(100_000, 1_000_000, 10_000_000)
                .map(edges -> new Scaling.Point(edges / 50, edges, Math.pow(edges, 1.25) / 1e6, 0, 7))
                .toList();
        Scaling.Result fit = Scaling.fit(4, 128, 2, points);
        assertThat(fit.exponent()).isEqualTo(1.25);
        assertThat(fit.rSquared()).isEqualTo(1);
        assertThat(fit.msPerMillionEdges()).isEqualTo(7);
    }

    @Test
    void scaling_goes_in_half_powers_of_ten_up_to_the_most() {
        assertThat(Scaling.edges(1_100_000)).containsExactly(100_000, 316_228, 1_000_000);
        assertThat(Scaling.edges(100_000_000)).hasSize(7).endsWith(100_000_000);
    }

    @Test
    void scaling_measures_every_size() {
        try (Backend backend = ReportFixture.cpu()) {
            Scaling.Result result = Scaling.run(
                            backend, 1, 1, 16, Scaling.edges(320_000), Rounds.exactly(2), note -> {}, new Findings())
                    .orElseThrow();
            assertThat(result.points()).extracting(Scaling.Point::edges).containsExactly(100_000, 316_228);
            assertThat(result.points()).allSatisfy(p -> assertThat(p.medianMs()).isPositive());
            assertThat(result.markdown()).anyMatch(line -> line.contains("R^2"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"spmm", "spmm-weighted", "spmm-gemm", "gemm", "gemm-codes", "pack", "unpack"})
    void bytes_fall_with_the_width(String word) {
        Kernel kernel = Kernel.named(word);
        List<Double> bytes = Kernel.WIDTHS.stream()
                .map(q -> kernel.bytes(q, 1000, 50_000, 128))
                .toList();
        assertThat(bytes).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    }

    @Test
    void bytes_of_a_sum_are_rows_gathered_an_index_each_and_the_result() {
        assertThat(Kernel.SPMM.bytes(4, 1000, 50_000, 128)).isEqualTo(50_000.0 * (4 + 64) + 1000 * (8 + 4 * 128));
        assertThat(Kernel.SPMM.bytes(32, 1000, 50_000, 128)).isEqualTo(50_000.0 * (4 + 512) + 1000 * (8 + 4 * 128));
    }

    /** What is reported as stored is what lies in memory, within 5 percent. */
    @ParameterizedTest
    @ValueSource(ints = {8, 4, 2, 1})
    void packed_memory_is_within_5_percent_of_the_bytes_that_are_reported(int bits) {
        BenchGraphs graphs = new BenchGraphs(new Datasets(List.of()), null, note -> {});
        try (Backend backend = ReportFixture.cpu();
                BenchGraphs.Opened graph = graphs.open("cora");
                HostMemory memory = new HostMemory()) {
            GraphOperands operands =
                    GraphOperands.of(backend, memory, GraphPart.whole(graph.graph()), graph.graph(), 128);
            long before = memory.allocatedBytes();
            PackedMatrix packed = operands.codes(Granularity.TENSOR, bits);
            long allocated = memory.allocatedBytes() - before;
            assertThat((double) allocated).isBetween(0.95 * packed.storedBytes(), 1.05 * packed.storedBytes());
        }
    }
}
