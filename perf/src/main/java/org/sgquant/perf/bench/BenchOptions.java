package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sgquant.perf.workload.GraphShape;
import org.sgquant.perf.workload.Kernel;

/**
 * What is to be measured, checked and with every default in place.
 *
 * @param shapes graphs of kernels, or of {@code endToEnd} where that alone was asked for
 * @param fit whether shapes that do not fit the memory are left out instead of refused
 * @param brief whether the short end-to-end part follows the kernels
 * @param reproduce the command line that asks for the same
 */
record BenchOptions(
        KernelBench.Selection selection,
        List<String> shapes,
        boolean fit,
        Rounds rounds,
        boolean kernels,
        boolean endToEnd,
        boolean brief,
        Long scalingEdges,
        List<String> peers,
        Format format,
        String reproduce) {

    private static final double SECONDS = 12;
    private static final int LEAST_ROUNDS = 3;
    private static final int MOST_ROUNDS = 25;

    /** What a run without options measures, so that it is short. */
    private static final List<String> BRIEF_KERNELS = Stream.of(Kernel.SPMM, Kernel.SPMM_GEMM, Kernel.GEMM, Kernel.PACK)
            .map(Kernel::word)
            .toList();

    private static final int MOST_THREADS = 1024;
    private static final int MOST_FEATURES = 1 << 16;
    private static final double DEFAULT_EDGES = 1e7;
    private static final List<String> WIDTHS = Stream.concat(
                    IntStream.rangeClosed(1, 8).boxed(), Stream.of(16, 32))
            .map(String::valueOf)
            .toList();

    /** Form of the report. */
    enum Format {
        MD,
        CSV,
        JSON;

        static final List<String> WORDS =
                Stream.of(values()).map(f -> f.name().toLowerCase(Locale.ROOT)).toList();
    }

    static BenchOptions of(BenchCommand c) {
        String format = c.format != null ? c.format : c.json ? "json" : "md";
        Words.require("format", format, Format.WORDS);
        BenchUsage.check(c);
        boolean kernels = !c.endToEnd && !c.scaling;
        boolean nothingChosen =
                Stream.of(c.kernels, c.bits, c.shapes, c.features).allMatch(given -> given == null);
        List<String> shapes = c.full
                ? GraphShape.names().stream()
                        .filter(name -> !name.equals("tiny"))
                        .toList()
                : c.shapes != null ? c.shapes.stream().distinct().toList() : List.of(kernels ? "reddit/32" : "cora");
        shapes.forEach(BenchGraphs::shape);
        boolean brief = kernels && nothingChosen && !c.check && !c.full;
        return new BenchOptions(
                selection(c, brief ? BRIEF_KERNELS : Kernel.words()),
                shapes,
                c.full,
                rounds(c),
                kernels,
                c.endToEnd,
                brief,
                c.scaling ? edges(c.maxEdges == null ? DEFAULT_EDGES : c.maxEdges) : null,
                c.peers == null ? null : c.peers.stream().distinct().toList(),
                Format.valueOf(format.toUpperCase(Locale.ROOT)),
                reproduce(c));
    }

    private static KernelBench.Selection selection(BenchCommand c, List<String> byDefault) {
        List<String> kernels = c.kernels == null ? byDefault : c.kernels;
        kernels.forEach(kernel -> Words.require("kernel", kernel, Kernel.words()));
        List<Integer> bits = c.bits == null ? Kernel.WIDTHS : c.bits;
        bits.forEach(q -> Words.require("width --bits", q.toString(), WIDTHS));
        List<Integer> features = c.features == null ? List.of(128) : c.features;
        features.forEach(f -> require("--features", f, MOST_FEATURES));
        List<Integer> threads = threads(c);
        threads.forEach(t -> require("--threads", t, MOST_THREADS));
        return new KernelBench.Selection(
                kernels.stream().distinct().map(Kernel::named).toList(),
                bits.stream().distinct().toList(),
                features.stream().distinct().toList(),
                threads);
    }

    private static List<Integer> threads(BenchCommand c) {
        int cores = Runtime.getRuntime().availableProcessors();
        return (c.threads == null ? Stream.of(1, cores) : c.threads.stream())
                .distinct()
                .toList();
    }

    private static void require(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new IllegalArgumentException(option + " must lie in 1.." + most + ", got " + value);
        }
    }

    private static Rounds rounds(BenchCommand c) {
        if (c.check) {
            return Rounds.ONCE.seeded(c.seed);
        }
        if (c.repetitions == null) {
            return Rounds.within(SECONDS, LEAST_ROUNDS, MOST_ROUNDS).seeded(c.seed);
        }
        require("--repetitions", c.repetitions, 100_000);
        return Rounds.exactly(c.repetitions).seeded(c.seed);
    }

    private static long edges(double most) {
        if (!(most >= Scaling.LEAST_MOST_EDGES && most <= 1e9)) {
            throw new IllegalArgumentException(
                    "--max-edges must lie in 1e6..1e9, as a fit needs three sizes from 1e5 on, got " + most);
        }
        return (long) most;
    }

    /** What was given, and the threads, whose default is the machine's. */
    private static String reproduce(BenchCommand c) {
        List<String> words = new ArrayList<>(List.of("sgquant", "bench"));
        add(words, "--kernel", c.kernels, k -> k);
        add(words, "--bits", c.bits, String::valueOf);
        add(words, "--shape", c.shapes, s -> s);
        add(words, "--features", c.features, String::valueOf);
        add(words, "--threads", threads(c), String::valueOf);
        add(words, "--peer", c.peers, p -> p);
        add(words, "-r", c.repetitions == null ? null : List.of(c.repetitions), String::valueOf);
        add(words, "--seed", List.of(c.seed), String::valueOf);
        flag(words, "--check", c.check);
        flag(words, "--full", c.full);
        flag(words, "--end-to-end", c.endToEnd);
        flag(words, "--scaling", c.scaling);
        add(words, "--max-edges", c.maxEdges == null ? null : List.of(c.maxEdges), e -> "%.0f".formatted(e));
        return String.join(" ", words);
    }

    private static <T> void add(List<String> words, String option, List<T> values, Function<T, String> text) {
        if (values != null) {
            words.add(option);
            words.add(values.stream().map(text).collect(Collectors.joining(",")));
        }
    }

    private static void flag(List<String> words, String option, boolean given) {
        if (given) {
            words.add(option);
        }
    }
}
