package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.RandomTensors;

/** A kernel gives the same bits interpreted and compiled: else a run depends on when the compiler got to it. */
class CompiledBitsTest {

    /** Calls after which all kernels are compiled. */
    private static final int CALLS = 60;

    @Test
    void kernelsGiveTheSameBitsInterpretedAndCompiled() throws IOException, InterruptedException {
        Map<String, Integer> interpreted = interpreted();
        try (KernelBits bits = new KernelBits()) {
            assertThat(interpreted).hasSizeGreaterThan(50);
            for (int call = 0; call < CALLS; call++) {
                assertThat(bits.run()).as("call %d", call).isEqualTo(interpreted);
            }
        }
    }

    /** What a JVM without a compiler prints. */
    private static Map<String, Integer> interpreted() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xint",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dsgquant.seed=" + RandomTensors.SEED,
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        KernelBits.class.getName()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        return printed.lines()
                .filter(line -> line.matches(".*=-?\\d+") && !line.startsWith("random tests"))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.lastIndexOf('=')),
                        line -> Integer.valueOf(line.substring(line.lastIndexOf('=') + 1))));
    }
}
