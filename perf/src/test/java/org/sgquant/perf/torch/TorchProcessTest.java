package org.sgquant.perf.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.perf.peer.PeerSession;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;

/** The protocol, spoken with a program that needs no PyTorch. */
class TorchProcessTest {

    private static final String PYTHON = "python3";

    @BeforeEach
    void python() throws InterruptedException {
        boolean found;
        try {
            found = new ProcessBuilder(PYTHON, "--version").start().waitFor() == 0;
        } catch (IOException e) {
            found = false;
        }
        assumeTrue(found, "there is no " + PYTHON);
    }

    private static TorchProcess standIn() throws URISyntaxException {
        return TorchProcess.start(
                PYTHON,
                Path.of(TorchProcessTest.class.getResource("stand_in.py").toURI()));
    }

    @Test
    void operands_and_results_go_through_files() throws URISyntaxException {
        try (HostMemory memory = new HostMemory();
                PeerSession session = new TorchSession(standIn(), 2, false, false)) {
            CsrGraph graph = CsrGraph.of(memory, 3, new int[] {0, 2, 2, 4}, new int[] {0, 2, 1, 1});
            FloatMatrix values = FloatMatrix.ofVector(memory, 1, 2, 3, 4);
            FloatMatrix x = FloatMatrix.of(memory, new float[][] {{1, 2}, {3, 4}, {5, 6}});
            FloatMatrix out = FloatMatrix.allocate(memory, 3, 2);
            assertThat(session.version()).contains("none at all");
            try (PeerRun run = session.spmm(graph, values, x, out).orElseThrow()) {
                run.run();
                assertThat(run.milliseconds()).hasValue(1.5);
                run.fetch();
            }
            assertThat(out.toArray()).isDeepEqualTo(new float[][] {{11, 14}, {0, 0}, {21, 28}});
            try (PeerRun run = session.spmm(graph, null, x, out).orElseThrow()) {
                run.run();
                run.fetch();
            }
            assertThat(out.toArray()).isDeepEqualTo(new float[][] {{6, 8}, {0, 0}, {6, 8}});
        }
    }

    @Test
    void what_goes_wrong_there_is_told_here() throws URISyntaxException {
        try (HostMemory memory = new HostMemory();
                PeerSession session = new TorchSession(standIn(), 1, false, false)) {
            FloatMatrix one = FloatMatrix.ofVector(memory, 1);
            assertThatThrownBy(() -> session.gemm(one, one, one))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("PyTorch: ValueError: no products here");
        }
    }

    @Test
    void a_program_that_ends_is_told_with_its_last_words() throws URISyntaxException {
        TorchProcess process = standIn();
        assertThatThrownBy(() -> process.ask(Map.of("do", "stop", "id", 0)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("PyTorch: the program of Python has ended: no such operation: stop, threads so far []");
        process.release();
    }

    @Test
    void without_pytorch_one_sentence_says_so(@TempDir Path folder) throws IOException {
        Path program = Files.writeString(
                folder.resolve("program.py"), "print('{\"error\": \"PyTorch is not installed: No module\"}')");
        assertThatThrownBy(() -> TorchProcess.start(PYTHON, program))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage(
                        "PyTorch: PyTorch is not installed: No module (python3; SGQUANT_PYTHON names another Python)");
    }

    @Test
    void without_python_one_sentence_says_so() {
        assertThatThrownBy(() -> TorchProcess.start("no-such-python", Path.of("program.py")))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessageStartingWith("PyTorch: Python cannot be started: Cannot run program \"no-such-python\"")
                .hasMessageEndingWith("; SGQUANT_PYTHON names one");
    }
}
