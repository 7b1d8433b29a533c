package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.DeviceUnavailableException;

final class CpuKernelsTest {

    /** Where these tests must not be skipped there is a compiler, and only an old processor is an excuse. */
    @ParameterizedTest
    @EnumSource(CpuKernels.class)
    @EnabledIfEnvironmentVariable(named = "CI", matches = "true")
    void theLibraryIsBuiltAndLoads(CpuKernels kernels) {
        assertThat(kernels.refusal().orElse(""))
                .isIn("", "this processor has no instructions for " + kernels.description());
    }

    @Test
    void javaIsAlwaysThereAndAutoIsTheWidest() {
        assertThat(CpuKernels.JAVA.refusal()).isEmpty();
        CpuKernels widest = CpuKernels.named("auto");
        assertThat(widest.refusal()).isEmpty();
        for (CpuKernels kernels : CpuKernels.values()) {
            assertThat(kernels.refusal().isEmpty()).isEqualTo(kernels.compareTo(widest) <= 0);
        }
        assertThat(CpuKernels.named("JAVA")).isEqualTo(CpuKernels.JAVA);
    }

    @Test
    void theDescriptionTellsWhoSums() {
        try (CpuBackend java = new CpuBackend(1, CpuKernels.JAVA)) {
            assertThat(java.description()).contains("1 thread, packed sums in Java");
        }
        assumeThat(CpuKernels.AVX2.refusal()).isEmpty();
        try (CpuBackend cpp = new CpuBackend(1, CpuKernels.AVX2)) {
            assertThat(cpp.description()).endsWith("1 thread, packed sums in C++ with AVX2)");
        }
    }

    @Test
    void anotherNameIsRefusedWithTheChoices() {
        assertThatThrownBy(() -> CpuKernels.named("avx"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SGQUANT_CPU_KERNELS: got 'avx', expected one of auto java avx2 avx512 vnni");
    }

    @Test
    void kernelsThatCannotRunAreRefusedOnlyWhereTheyAreAskedFor() {
        assumeThat(CpuKernels.AVX512.refusal()).isNotEmpty();
        assertThatThrownBy(() -> CpuKernels.named("avx512"))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageStartingWith("SGQUANT_CPU_KERNELS asks for avx512: ");
    }
}
