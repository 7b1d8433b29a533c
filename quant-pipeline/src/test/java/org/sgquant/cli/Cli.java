package org.sgquant.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.sgquant.data.OwnGraph;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.tensor.HostMemory;

/** Runs the command in this process, on a small graph of the user's own. */
final class Cli {

    /** Enough training for a model that is better than chance, little enough for a test. */
    static final List<String> SHORT = List.of("--epochs", "30", "--finetune-epochs", "4", "--threads", "2");

    private Cli() {}

    /** What a command line left behind; {@code leaked} are bytes outside the heap that it did not free. */
    record Result(int code, String out, String err, long leaked) {

        /** Standard output as exactly one JSON document. */
        JsonNode json() {
            try (var parser = new ObjectMapper().createParser(out)) {
                JsonNode document = parser.readValueAsTree();
                if (parser.nextToken() != null) {
                    throw new AssertionError("more than one document on standard output: " + out);
                }
                return document;
            } catch (IOException e) {
                throw new UncheckedIOException(this + " is not JSON", e);
            }
        }
    }

    /** Options that name a generated graph of 200 nodes, written into {@code folder}. */
    static List<String> graph(Path folder) {
        return OwnGraph.options(OwnGraph.write(folder, SyntheticCitationGraph.SMALL));
    }

    static List<String> args(String command, List<String> options, String... more) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(options);
        all.addAll(List.of(more));
        return all;
    }

    /** The command in a process of its own, ready to start. */
    static ProcessBuilder process(List<String> args) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Sgquant.class.getName()));
        command.addAll(args);
        return new ProcessBuilder(command);
    }

    static Result run(List<String> args) {
        return run(args.toArray(String[]::new));
    }

    static Result run(String... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        long before = HostMemory.liveBytes();
        int code;
        try {
            System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
            code = Sgquant.execute(args);
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
        return new Result(
                code,
                outBytes.toString(StandardCharsets.UTF_8),
                errBytes.toString(StandardCharsets.UTF_8),
                HostMemory.liveBytes() - before);
    }
}
