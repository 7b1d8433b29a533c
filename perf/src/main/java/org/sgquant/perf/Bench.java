package org.sgquant.perf;

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

    public static void main(String[] args) throws CommandLineOptionException, RunnerException {
        Collection<RunResult> results = new Runner(new CommandLineOptions(args)).run();
        System.out.println();
        table(results).forEach(System.out::println);
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
        Map<String, Double> baselines = new HashMap<>();
        for (RunResult result : results) {
            String name = result.getParams().getBenchmark().replaceAll(".*\\.(\\w+)Benchmark\\..*", "$1");
            String bits = result.getParams().getParam("bits");
            Statistics times = result.getPrimaryResult().getStatistics();
            double median = times.getPercentile(50);
            if (bits.equals("32")) {
                baselines.put(name, median);
            }
            Double baseline = baselines.get(name);
            lines.add(String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %.2f | %.2f to %.2f | %d | %s |",
                    name,
                    sizes(result),
                    bits,
                    median,
                    times.getPercentile(10),
                    times.getPercentile(90),
                    times.getN(),
                    baseline == null ? "" : String.format(Locale.ROOT, "%.2f", baseline / median)));
        }
        return lines;
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
