package org.sgquant.perf.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.kernels.cuda.KernelDeclaration;
import org.sgquant.kernels.cuda.KernelList;

class TrafficTest {

    private static final Map<String, Double> SIZES =
            Map.of("n", 3.0, "m", 5.0, "nnz", 7.0, "f", 11.0, "k", 2.0, "r", 4.0);

    @ParameterizedTest
    @CsvSource({
        "8, 8",
        "12*n*f, 396",
        "nnz*(4+r)+n*(8+4*f), 212",
        "4*(n*k+k*f+n*f), 244",
        "12*n/256, 0.140625",
        "n-m-k, -4",
        "24/n/k, 4",
        "0.5*f, 5.5"
    })
    void formulas_follow_the_usual_precedence(String formula, double bytes) {
        assertThat(Traffic.bytes(formula, SIZES)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "n*, 'place 2: got the end, expected a number'",
        "(n+m, 'place 4: got the end, expected '')'''",
        "n m, 'place 1: got '' '', expected the end'",
        "n*q, '''q'' is none of'"
    })
    void what_is_wrong_with_a_formula_is_said(String formula, String message) {
        assertThatThrownBy(() -> Traffic.bytes(formula, SIZES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("traffic formula " + formula)
                .hasMessageContaining(message);
    }

    @Test
    void every_kernel_of_the_list_has_a_formula_of_known_names() {
        Set<String> bad =
                KernelList.load().all().stream().flatMap(TrafficTest::fault).collect(Collectors.toSet());
        assertThat(bad).isEmpty();
    }

    private static Stream<String> fault(KernelDeclaration kernel) {
        try {
            return Traffic.bytes(kernel.traffic(), SIZES) > 0
                    ? Stream.of()
                    : Stream.of(kernel.name() + " moves nothing");
        } catch (IllegalArgumentException e) {
            return Stream.of(kernel.name() + ": " + e.getMessage());
        }
    }
}
