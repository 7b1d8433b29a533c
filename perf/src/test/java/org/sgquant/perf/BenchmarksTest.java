package org.sgquant.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openjdk.jmh.annotations.Param;
import org.sgquant.perf.workload.Kernel;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** Runs every benchmark once on a tiny instance; its set-up compares with the reference. */
class BenchmarksTest {

    @ParameterizedTest
    @ValueSource(strings = {"spmm", "spmm-weighted", "spmm-gemm", "gemm", "gemm-codes", "pack", "unpack"})
    void kernels_fill_every_row(String kernel) {
        for (int bits : Kernel.WIDTHS) {
            KernelsBenchmark benchmark = new KernelsBenchmark();
            benchmark.kernel = kernel;
            benchmark.bits = bits;
            benchmark.shape = "computers/40";
            benchmark.features = 5;
            benchmark.threads = 1;
            benchmark.setUp();
            benchmark.run();
            assertThat(benchmark.result().rows()).isEqualTo(343);
            assertThat(List.of(benchmark.result().toArray()))
                    .allSatisfy(row -> assertThat(row).isNotEqualTo(new float[row.length]));
            benchmark.tearDown();
        }
    }

    @Test
    void the_kernels_and_widths_of_bench_are_those_of_jmh() throws Exception {
        assertThat(KernelsBenchmark.class
                        .getField("kernel")
                        .getAnnotation(Param.class)
                        .value())
                .containsExactlyElementsOf(Kernel.words());
        assertThat(KernelsBenchmark.class
                        .getField("bits")
                        .getAnnotation(Param.class)
                        .value())
                .containsExactlyElementsOf(
                        Kernel.WIDTHS.stream().map(String::valueOf).toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 1})
    void the_product_of_features_fills_every_row(int bits) {
        FeatureGemmBenchmark benchmark = new FeatureGemmBenchmark();
        benchmark.bits = bits;
        benchmark.nodes = 13;
        benchmark.words = 301;
        benchmark.hidden = 3;
        once(benchmark, 13, 3);
    }

    private static void once(WorkloadBenchmark benchmark, int rows, int cols) {
        benchmark.setUp();
        benchmark.run();
        FloatMatrix result = benchmark.result();
        result.requireShape(rows, cols, "result");
        assertThat(List.of(result.toArray())).allSatisfy(row -> assertThat(row).isNotEqualTo(new float[cols]));
        benchmark.tearDown();
    }

    @Test
    void a_wrong_result_is_not_timed() {
        float[] calls = {0};
        try (HostMemory memory = new HostMemory()) {
            assertThatThrownBy(() -> Workload.requireSameAsReference(
                            backend -> new Step(
                                    new Operands(backend),
                                    () -> calls[0]++,
                                    () -> FloatMatrix.ofVector(memory, calls[0]++)),
                            0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("at (0, 0), expected");
        }
    }
}
