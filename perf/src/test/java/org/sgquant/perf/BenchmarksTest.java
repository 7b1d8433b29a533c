package org.sgquant.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** Runs every benchmark once on a tiny instance; its set-up compares with the reference. */
class BenchmarksTest {

    @ParameterizedTest
    @ValueSource(ints = {32, 8, 4, 2, 1})
    void spmm_fills_every_row(int bits) {
        SpmmBenchmark benchmark = new SpmmBenchmark();
        benchmark.bits = bits;
        benchmark.nodes = 31;
        benchmark.degree = 3;
        benchmark.features = 5;
        once(benchmark, 31, 5);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 4, 2, 1})
    void pack_stores_every_row(int bits) {
        PackBenchmark benchmark = new PackBenchmark();
        benchmark.bits = bits;
        benchmark.nodes = 31;
        benchmark.features = 5;
        once(benchmark, 31, 5);
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
