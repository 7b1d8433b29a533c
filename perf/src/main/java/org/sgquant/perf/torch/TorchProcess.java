package org.sgquant.perf.torch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.sgquant.cuda.PrivateFolder;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.perf.workload.GraphFolder;
import org.sgquant.tensor.CsrGraph;

/**
 * A running {@code torch_peer.py}: a line of JSON asked, a line of JSON answered. One serves all sessions, so that a
 * large graph is there once; it ends with the last of them.
 */
final class TorchProcess {

    /** Names the Python that has PyTorch. */
    static final String VARIABLE = "SGQUANT_PYTHON";

    private static final List<String> PROGRAM = List.of("torch_peer.py", "peers.py");
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long SECONDS_TO_END = 10;

    private static TorchProcess shared;

    private final PrivateFolder folder = PrivateFolder.create();
    private final Map<CsrGraph, Path> graphs = new HashMap<>();
    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private final String version;
    private int users;
    private int files;
    private int operations;

    private TorchProcess(String python, Path program) {
        Path started = program == null ? unpack() : program;
        try {
            ProcessBuilder builder = new ProcessBuilder(python, started.toString()).redirectError(errors().toFile());
            // Threads of OpenMP that spin for more work would take the cores from whoever is timed next.
            builder.environment().put("OMP_WAIT_POLICY", "passive");
            process = builder.start();
        } catch (IOException e) {
            folder.close();
            throw new DeviceUnavailableException(
                    "PyTorch: Python cannot be started: " + e.getMessage() + "; " + VARIABLE + " names one", e);
        }
        questions = process.outputWriter(StandardCharsets.UTF_8);
        answers = process.inputReader(StandardCharsets.UTF_8);
        try {
            version = read().required("torch").asText();
        } catch (IllegalStateException | IllegalArgumentException e) {
            end();
            throw new DeviceUnavailableException(
                    e.getMessage() + " (" + python + "; " + VARIABLE + " names another Python)", e);
        }
    }

    /** The one that runs, or a new one; {@link #release} gives it back. */
    static synchronized TorchProcess acquire() {
        if (shared == null) {
            String python = System.getenv(VARIABLE);
            shared = new TorchProcess(python == null ? "python3" : python, null);
        }
        shared.users++;
        return shared;
    }

    /** One of its own that runs {@code program}. */
    static TorchProcess start(String python, Path program) {
        TorchProcess own = new TorchProcess(python, program);
        own.users++;
        return own;
    }

    void release() {
        synchronized (TorchProcess.class) {
            if (--users == 0) {
                if (this == shared) {
                    shared = null;
                }
                end();
            }
        }
    }

    private Path unpack() {
        for (String name : PROGRAM) {
            try (InputStream in = TorchProcess.class.getResourceAsStream(name)) {
                Files.copy(in, folder.path().resolve(name));
            } catch (IOException e) {
                throw new UncheckedIOException(name + " cannot be unpacked: " + e.getMessage(), e);
            }
        }
        return folder.path().resolve(PROGRAM.getFirst());
    }

    private Path errors() {
        return folder.path().resolve("errors");
    }

    /** Version of PyTorch. */
    String version() {
        return version;
    }

    /** A file that does not exist yet; it goes with the process. */
    synchronized Path newFile() {
        return folder.path().resolve("file-" + files++);
    }

    /** A number for an operation. */
    synchronized int newOperation() {
        return operations++;
    }

    /** The folder that holds {@code graph}. */
    synchronized Path graph(CsrGraph graph) {
        return graphs.computeIfAbsent(graph, g -> {
            Path target = newFile();
            GraphFolder.write(target, "bench", g, List.of(), 0);
            return target;
        });
    }

    /**
     * Sends {@code question} and waits for its answer.
     *
     * @throws IllegalStateException with what the program says went wrong
     */
    synchronized JsonNode ask(Map<String, ?> question) {
        try {
            questions.write(JSON.writeValueAsString(question));
            questions.newLine();
            questions.flush();
        } catch (IOException e) {
            throw ended(e);
        }
        return read();
    }

    /** Frees the operation {@code id}; one that has ended holds nothing. */
    void free(int id) {
        if (process.isAlive()) {
            ask(Map.of("do", "free", "id", id));
        }
    }

    private JsonNode read() {
        String line;
        try {
            line = answers.readLine();
        } catch (IOException e) {
            throw ended(e);
        }
        if (line == null) {
            throw ended(null);
        }
        JsonNode answer;
        try {
            answer = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("PyTorch: got '" + line + "', expected a line of JSON", e);
        }
        if (answer.has("error")) {
            throw new IllegalStateException("PyTorch: " + answer.get("error").asText());
        }
        return answer;
    }

    private IllegalStateException ended(IOException cause) {
        String last;
        try {
            List<String> lines = Files.readAllLines(errors());
            last = lines.isEmpty() ? "it wrote no reason" : lines.getLast();
        } catch (IOException e) {
            last = "what it wrote cannot be read: " + e.getMessage();
        }
        return new IllegalStateException("PyTorch: the program of Python has ended: " + last, cause);
    }

    /** Its input ends, and so does it. */
    private void end() {
        try {
            questions.close();
        } catch (IOException e) {
            // Nobody reads any more: it has ended already.
        }
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        folder.close();
    }
}
