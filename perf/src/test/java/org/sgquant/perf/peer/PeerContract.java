package org.sgquant.perf.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.reference.ReferenceBackend;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;

/** What holds for every peer: its results are those of the reference, on any number of threads and at awkward shapes. */
public abstract class PeerContract {

    private static final float TOLERANCE = 2e-6f;
    private static final int[] COLS = {1, 7, 16, 33, 128, 200};
    private static final int[] THREADS = {1, 2};

    private final long seed = Long.getLong("sgquant.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final HostMemory memory = new HostMemory();
    private final Backend reference = new ReferenceBackend();

    /** The peer that is tested. */
    protected abstract Peer peer();

    @AfterEach
    void free() {
        memory.close();
        reference.close();
    }

    /** A node alone, rows without an edge at both ends and between, an edge that is there twice, and a hub. */
    private CsrGraph[] graphs() {
        int hub = 300;
        int[] ends = new int[hub + 1];
        int[] sources = new int[3 * hub];
        int n = 0;
        for (int r = 0; r < hub; r++) {
            // Row 150 reads every node, one row of three before and after it a few, the others none.
            if (r == hub / 2) {
                for (int c = 0; c < hub; c++) {
                    sources[n++] = c;
                }
            } else if (r % 3 == 1) {
                int start = n;
                for (int e = 0; e < 1 + r % 4; e++) {
                    sources[n++] = random.nextInt(hub);
                }
                Arrays.sort(sources, start, n);
            }
            ends[r + 1] = n;
        }
        return new CsrGraph[] {
            CsrGraph.of(memory, 1, new int[] {0, 1}, new int[] {0}),
            CsrGraph.of(memory, 1, new int[] {0, 2}, new int[] {0, 0}),
            CsrGraph.of(memory, 4, new int[] {0, 0, 3, 3, 3}, new int[] {1, 3, 3}),
            CsrGraph.of(memory, hub, ends, Arrays.copyOf(sources, n)),
        };
    }

    @Test
    void sums_over_neighbours_are_those_of_the_reference() {
        for (CsrGraph graph : graphs()) {
            for (int cols : COLS) {
                for (boolean weighted : new boolean[] {false, true}) {
                    FloatMatrix x = normal(graph.numCols(), cols);
                    FloatMatrix values = weighted ? normal(1, graph.numEdges()) : null;
                    FloatMatrix expected = FloatMatrix.allocate(memory, graph.numRows(), cols);
                    reference.sparse().spmm(graph, values, x, expected);
                    compare(
                            graph + ", " + cols + " columns" + (weighted ? ", weighted" : ""),
                            expected,
                            r -> 20 + 4 * graph.degree(r),
                            (session, out) -> session.spmm(graph, values, x, out));
                }
            }
        }
    }

    @Test
    void sums_of_codes_are_those_of_the_reference() {
        for (CsrGraph graph : graphs()) {
            for (int cols : COLS) {
                for (int bits : new int[] {8, 4, 2, 1}) {
                    PackedMatrix x = packed(normal(graph.numCols(), cols), bits);
                    FloatMatrix expected = FloatMatrix.allocate(memory, graph.numRows(), cols);
                    reference.packed().spmm(graph, x, expected);
                    QuantParams params = x.scheme().blocks().getFirst().params();
                    float offset = params.offset().get(0, 0);
                    float largest = params.scale().get(0, 0) * ((1 << bits) - 1) + Math.abs(offset);
                    compare(
                            graph + ", " + cols + " columns of " + bits + " bits",
                            expected,
                            r -> graph.degree(r) * largest,
                            (session, out) -> session.spmm(graph, x, out));
                }
            }
        }
    }

    @Test
    void products_are_those_of_the_reference() {
        for (int[] shape : new int[][] {{1, 1, 1}, {3, 5, 2}, {17, 33, 16}, {64, 130, 41}}) {
            FloatMatrix a = normal(shape[0], shape[1]);
            FloatMatrix b = normal(shape[1], shape[2]);
            FloatMatrix expected = FloatMatrix.allocate(memory, shape[0], shape[2]);
            reference.dense().gemm(a, false, b, false, expected);
            compare("product of " + a + " and " + b, expected, r -> 20, (session, out) -> session.gemm(a, b, out));
        }
    }

    private interface Operation {
        Optional<PeerRun> prepare(PeerSession session, FloatMatrix out);
    }

    /**
     * Runs twice into a matrix full of something else; an operation that the peer does not have passes.
     *
     * @param terms about the sum of the magnitudes of the terms of a row's values: that bounds the rounding
     */
    private void compare(String what, FloatMatrix expected, IntToDoubleFunction terms, Operation operation) {
        for (int threads : THREADS) {
            try (PeerSession session = peer().open(threads);
                    HostMemory results = new HostMemory()) {
                FloatMatrix out = FloatMatrix.allocate(results, expected.rows(), expected.cols());
                for (int r = 0; r < out.rows(); r++) {
                    for (int c = 0; c < out.cols(); c++) {
                        out.set(r, c, Float.NaN);
                    }
                }
                Optional<PeerRun> prepared = operation.prepare(session, out);
                if (prepared.isEmpty()) {
                    return;
                }
                try (PeerRun run = prepared.get()) {
                    run.run();
                    run.run();
                    run.fetch();
                    run.milliseconds().ifPresent(ms -> assertThat(ms).isPositive());
                }
                requireClose(what + ", " + threads + " threads, -Dsgquant.seed=" + seed, out, expected, terms);
            }
        }
    }

    private static void requireClose(String what, FloatMatrix actual, FloatMatrix expected, IntToDoubleFunction terms) {
        for (int r = 0; r < expected.rows(); r++) {
            double tolerance = TOLERANCE * terms.applyAsDouble(r);
            for (int c = 0; c < expected.cols(); c++) {
                float e = expected.get(r, c);
                assertThat((double) Math.abs(actual.get(r, c) - e))
                        .as("%s: got %s at (%d, %d), expected %s", what, actual.get(r, c), r, c, e)
                        .isLessThanOrEqualTo(tolerance);
            }
        }
    }

    private PackedMatrix packed(FloatMatrix x, int bits) {
        QuantScheme scheme =
                QuantScheme.uniform(memory, "x", x.rows(), x.cols(), BitWidth.of(bits), Granularity.TENSOR);
        PackedMatrix codes = PackedMatrix.allocate(memory, scheme);
        reference.packed().calibrate(x, scheme, Calibration.MIN_MAX);
        reference.packed().pack(x, codes);
        return codes;
    }

    private FloatMatrix normal(int rows, int cols) {
        FloatMatrix m = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                m.set(r, c, (float) random.nextGaussian());
            }
        }
        return m;
    }
}
