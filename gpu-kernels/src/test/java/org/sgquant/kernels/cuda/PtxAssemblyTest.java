package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.cuda.PtxCompiler;

/** The PTX that older drivers get is taken by the assembler of CUDA 12.0, without a GPU. */
class PtxAssemblyTest {

    private static final Pattern SPILLS = Pattern.compile("\\d+ bytes spill stores, \\d+ bytes spill loads");

    @Test
    void the_ptx_is_of_version_8_0_for_compute_capability_7_5() {
        assertThat(new String(KernelList.ptx(), StandardCharsets.UTF_8).lines().filter(l -> l.startsWith(".")))
                .contains(".version 8.0", ".target sm_75");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90"})
    void every_gpu_of_cuda_12_0_is_served_without_spills(String arch) {
        assumeTrue(
                "linux amd64"
                        .equals((System.getProperty("os.name") + " " + System.getProperty("os.arch"))
                                .toLowerCase(Locale.ROOT)),
                "JCuda's assembler exists for Linux on x86-64 alone");
        String notes = PtxCompiler.assemble(KernelList.ptx(), arch);
        assertThat(SPILLS.matcher(notes).results().map(MatchResult::group))
                .hasSizeGreaterThanOrEqualTo(KernelList.load().all().size())
                .containsOnly("0 bytes spill stores, 0 bytes spill loads");
    }
}
