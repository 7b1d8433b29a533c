package org.sgquant.perf.bench;

import java.util.List;

/** Refuses options that would change nothing: each with one sentence. */
final class BenchUsage {

    private BenchUsage() {}

    static void check(BenchCommand c) {
        refuse(c.check && (c.endToEnd || c.scaling), "--check is about kernels: leave out --end-to-end and --scaling");
        refuse(c.check && c.repetitions != null, "--check runs everything once: leave out --repetitions");
        refuse(c.maxEdges != null && !c.scaling, "--max-edges needs --scaling");
        refuse(c.full && c.shapes != null, "--full takes every shape: leave out --shape");
        refuse(
                c.json && c.format != null && !c.format.equals("json"),
                "--json and -o " + c.format + " are two forms: give one");
        if (c.endToEnd || c.scaling) {
            notOfKernels(c);
        }
    }

    /** Of those two the first has widths and features of its own, the second graphs of its own and no peers. */
    private static void notOfKernels(BenchCommand c) {
        String modes = c.endToEnd ? "--end-to-end" : "--scaling";
        refuse(c.kernels != null, modes + " measures other things than kernels: leave out --kernel");
        refuse(several(c.threads), modes + " takes one thread count: got --threads " + c.threads);
        if (!c.scaling) {
            refuse(c.bits != null, modes + " has widths of its own: leave out --bits");
            refuse(c.features != null, modes + " has features of its own: leave out --features");
            refuse(c.repetitions != null, modes + " takes its own time: leave out --repetitions");
        }
        if (!c.endToEnd) {
            refuse(c.shapes != null || c.full, modes + " makes graphs of its own: leave out --shape and --full");
            refuse(c.peers != null, modes + " has no peers: leave out --peer");
            refuse(c.work != null, modes + " keeps no graphs: leave out --work");
        }
        if (c.scaling) {
            refuse(several(c.bits), "--scaling takes one width: got --bits " + c.bits);
            refuse(several(c.features), "--scaling takes one number of features: got --features " + c.features);
        }
    }

    private static boolean several(List<Integer> values) {
        return values != null && values.stream().distinct().count() > 1;
    }

    private static void refuse(boolean wrong, String sentence) {
        if (wrong) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
