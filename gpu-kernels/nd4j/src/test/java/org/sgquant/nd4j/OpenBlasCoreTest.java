package org.sgquant.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenBlasCoreTest {

    @ParameterizedTest
    @CsvSource({
        "GenuineIntel, fpu avx avx2 fma avx512f avx512cd avx512bw avx512dq avx512vl avx512_bf16, SKYLAKEX",
        "GenuineIntel, fpu avx avx2 fma avx512f avx512cd avx512er avx512pf, HASWELL",
        "GenuineIntel, fpu avx avx2 fma, HASWELL",
        "GenuineIntel, fpu avx avx2x fmax, ",
        "GenuineIntel, fpu avx avx2, ",
        "GenuineIntel, '', ",
        "AuthenticAMD, fpu avx avx2 fma avx512f avx512cd avx512bw avx512dq avx512vl avx512_bf16, HASWELL",
        "AuthenticAMD, fpu avx avx2 fma, HASWELL",
        "AuthenticAMD, fpu avx fma4, ",
    })
    void the_core_is_a_fast_one_whose_every_instruction_the_cpu_has(String vendor, String flags, String core) {
        String info = "processor\t: 0\nvendor_id\t: " + vendor + "\nmodel name\t: avx512f avx2 fma\nflags\t\t: " + flags
                + "\nbugs\t: none\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\nflags\t\t: avx2 fma\n";
        assertThat(OpenBlasCore.ofCpu(info).orElse(null)).isEqualTo(core);
    }

    @Test
    void a_machine_that_lists_no_flags_is_left_to_detection() {
        assertThat(OpenBlasCore.ofCpu("processor : 0\nFeatures : fp asimd\n")).isEmpty();
    }

    @Test
    void open_blas_takes_the_core_that_was_set() throws Exception {
        String expected =
                OpenBlasCore.ofCpu(Files.readString(Path.of("/proc/cpuinfo"))).orElseThrow();
        assertThat(coreToldBy(null)).isEqualToIgnoringCase(expected);
    }

    @Test
    void what_the_user_has_set_is_kept() throws Exception {
        assertThat(coreToldBy("NEHALEM")).isEqualToIgnoringCase("Nehalem");
    }

    /** The core of a process of its own: OpenBLAS reads the variable only once. */
    private static String coreToldBy(String variable) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                TellCore.class.getName()));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().remove(OpenBlasCore.VARIABLE);
        if (variable != null) {
            builder.environment().put(OpenBlasCore.VARIABLE, variable);
        }
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return out.lines().reduce((first, last) -> last).orElse("");
    }

    /** Prints the core that OpenBLAS has taken. */
    static final class TellCore {

        private TellCore() {}

        public static void main(String[] args) throws Throwable {
            new Nd4jDenseLibrary().open(1);
            System.out.println(OpenBlas.core());
        }
    }
}
