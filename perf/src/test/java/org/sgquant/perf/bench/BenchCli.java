package org.sgquant.perf.bench;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.sgquant.cli.Sgquant;

/** Runs {@code sgquant} in this process. */
final class BenchCli {

    private BenchCli() {}

    record Result(int code, String out, String err) {}

    static Result run(String... words) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        System.setOut(new PrintStream(outBytes, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(errBytes, true, StandardCharsets.UTF_8));
        try {
            int code = Sgquant.execute(words);
            return new Result(
                    code, outBytes.toString(StandardCharsets.UTF_8), errBytes.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    /** {@code bench} on a graph of 701 nodes, two rounds, two threads, without peers unless {@code more} asks for one. */
    static Result tiny(String... more) {
        List<String> words =
                new ArrayList<>(List.of("bench", "--shape", "tiny", "--features", "33", "--threads", "2", "-r", "2"));
        words.addAll(List.of(more));
        if (!words.contains("--peer")) {
            words.addAll(List.of("--peer", "none"));
        }
        return run(words.toArray(String[]::new));
    }
}
