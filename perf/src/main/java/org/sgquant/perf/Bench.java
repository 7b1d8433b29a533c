package org.sgquant.perf;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.util.Statistics;
import org.sgquant.kernels.Backend;

/** Runs the benchmarks that the JMH options name, all without any, and prints a Markdown table of them. */
public final class Bench {

    private Bench() {}

    public static void main(String[] args) throws IOException, RunnerException {
        CommandLineOptions options;
        try {
            options = new CommandLineOptions(args);
        } catch (CommandLineOptionException e) {
            System.err.println("bench: " + e.getMessage());
            System.exit(2);
            return;
        }
        Runner runner = new Runner(options);
        if (options.shouldHelp()) {
            options.showHelp();
        } else if (options.shouldList()) {
            runner.list();
        } else {
            Collection<RunResult> results = runner.run();
            System.out.println();
            table(results).forEach(System.out::println);
        }
    }

    private static List<String> table(Collection<RunResult> results) {
        List<String> lines = new ArrayList<>();
        try (Backend backend = Workload.measured()) {
            lines.add("Machine: " + System.getProperty("os.arch") + ", "
                    + Runtime.getRuntime().availableProcessors() + " cores, JDK " + Runtime.version() + "; "
                    + backend.description() + ".");
        }
        lines.add("");
        lines.add("| benchmark | sizes | bits | median ms | p10 to p90 ms | samples | fp32 / this |");
        lines.add("|---|---|--:|--:|--:|--:|--:|");
        Map<String, Double> fp32 = new HashMap<>();
        for (RunResult result : results) {
            if (bits(result).equals("32")) {
                fp32.put(name(result) + sizes(result), times(result).getPercentile(50));
            }
        }
        for (RunResult result : results) {
            lines.add(row(result, fp32.get(name(result) + sizes(result))));
        }
        return lines;
    }

    /** {@code fp32} is the median without quantization, null where there is none. */
    private static String row(RunResult result, Double fp32) {
        Statistics times = times(result);
        double median = times.getPercentile(50);
        return String.format(
                Locale.ROOT,
                "| %s | %s | %s | %.2f | %.2f to %.2f | %d | %s |",
                name(result),
                sizes(result),
                bits(result),
                median,
                times.getPercentile(10),
                times.getPercentile(90),
                times.getN(),
                fp32 == null ? "" : String.format(Locale.ROOT, "%.2f", fp32 / median));
    }

    private static Statistics times(RunResult result) {
        return result.getPrimaryResult().getStatistics();
    }

    private static String name(RunResult result) {
        return result.getParams().getBenchmark().replaceAll(".*\\.(\\w+)Benchmark\\..*", "$1");
    }

    private static String bits(RunResult result) {
        return result.getParams().getParam("bits");
    }

    /** Parameters other than the width. */
    private static String sizes(RunResult result) {
        List<String> sizes = new ArrayList<>();
        for (String key : result.getParams().getParamsKeys()) {
            if (!key.equals("bits")) {
                sizes.add(key + " " + result.getParams().getParam(key));
            }
        }
        return String.join(", ", sizes);
    }
}
