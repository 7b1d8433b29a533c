package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** {@link PackedOps} with the Vector API or in C++ on off-heap rows, shared out over the threads of {@link Workers}. */
public final class CpuPackedOps implements PackedOps {

    /** Rows whose aggregates are multiplied by W together. */
    private static final int TILE = 4;

    private final Workers workers;
    private final CpuKernels kernels;
    private final CpuQuantizer quantizer;

    /** @param kernels that take the sums and products that they are made for; Java takes the others */
    public CpuPackedOps(Workers workers, CpuKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
        this.quantizer = new CpuQuantizer(workers);
    }

    @Override
    public void calibrate(FloatMatrix x, QuantScheme scheme, Calibration calibration) {
        PackedShapes.requireScheme(x, scheme, "calibrate");
        new CpuCalibrator(workers, x, scheme, calibration).run();
    }

    @Override
    public void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantize");
        PackedShapes.requireScheme(out, scheme, "fakeQuantize out");
        quantizer.fakeQuantize(x, scheme, out);
    }

    @Override
    public void fakeQuantizeStochastic(
            FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeStochastic");
        PackedShapes.requireScheme(out, scheme, "fakeQuantizeStochastic out");
        quantizer.fakeQuantizeStochastic(x, scheme, CounterRandom.key(state.seed(), state.step(), stream), out);
    }

    @Override
    public void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeBackward");
        PackedShapes.requireScheme(gradY, scheme, "fakeQuantizeBackward gradY");
        PackedShapes.requireScheme(gradX, scheme, "fakeQuantizeBackward gradX");
        quantizer.fakeQuantizeBackward(x, scheme, gradY, gradX);
    }

    @Override
    public void pack(FloatMatrix x, PackedMatrix out) {
        PackedShapes.requireScheme(x, out.scheme(), "pack");
        quantizer.pack(x, out);
    }

    @Override
    public void unpack(PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireScheme(out, x.scheme(), "unpack");
        quantizer.unpack(x, out);
    }

    @Override
    public void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        aggregate(graph, null, x, out);
    }

    @Override
    public void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        PackedShapes.requireWeights(graph, weights);
        aggregate(graph, weights, x, out);
    }

    private void aggregate(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        NativeSpmm spmm = spmm(graph, weights, x);
        HubRows hubs = new HubRows(workers, graph, weights, x);
        hubs.run(workers, partialSums(spmm, graph, weights, x), (i, acc) -> copy(acc, out, i));
        if (spmm != null) {
            workers.runRows(
                    graph,
                    x.cols(),
                    (first, last) -> hubs.between(
                            first,
                            last,
                            (from, to) -> spmm.rows(from, to, out.data().asSlice(out.rowOffset(from)), out.stride())));
            return;
        }
        workers.runRows(graph, x.cols(), (first, last) -> {
            RowAggregator aggregator = new RowAggregator(graph, weights, x);
            float[] acc = aggregator.newRow();
            hubs.between(first, last, (from, to) -> {
                for (int i = from; i < to; i++) {
                    aggregator.row(i, acc);
                    copy(acc, out, i);
                }
            });
        });
    }

    /** Null where {@link RowAggregator} sums. */
    private NativeSpmm spmm(CsrGraph graph, EdgeWeights weights, PackedMatrix x) {
        return NativeSpmm.sums(kernels, weights, x) ? new NativeSpmm(kernels, workers, graph, weights, x) : null;
    }

    private static Supplier<PartialSums> partialSums(
            NativeSpmm spmm, CsrGraph graph, EdgeWeights weights, PackedMatrix x) {
        return () -> spmm == null ? new RowAggregator(graph, weights, x) : spmm;
    }

    private static void copy(float[] acc, FloatMatrix out, int row) {
        MemorySegment.copy(acc, 0, out.data(), JAVA_FLOAT, out.rowOffset(row), out.cols());
    }

    @Override
    public void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        workers.run((long) a.rows() * a.cols() * Math.max(1, w.cols() / 16), a.rows(), (from, to) -> {
            NonZeros left = new NonZeros(a);
            RowProducts products = new RowProducts(w, c);
            for (int i = from; i < to; i++) {
                products.sparse(i, left.column, left.value, left.read(i));
            }
        });
    }

    @Override
    public void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        CodeProducts products = kernels == CpuKernels.JAVA
                ? new VectorGemm(workers, a, w, c)
                : new NativeGemm(kernels, workers, a, w, c);
        workers.run((long) a.rows() * a.cols() * Math.max(1, w.cols() / 16), a.rows(), (from, to) -> {
            try (Arena scratch = Arena.ofConfined()) {
                for (int b = 0; b < a.scheme().blocks().size(); b++) {
                    QuantScheme.Block block = a.scheme().blocks().get(b);
                    int first = Math.max(from, block.rowStart());
                    int last = Math.min(to, block.rowEnd());
                    if (first < last) {
                        products.rows(b, first, last, scratch);
                    }
                }
            }
        });
    }

    @Override
    public void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        if (weights != null) {
            PackedShapes.requireWeights(graph, weights);
        }
        NativeSpmm spmm = spmm(graph, weights, x);
        HubRows hubs = new HubRows(workers, graph, weights, x);
        hubs.run(workers, partialSums(spmm, graph, weights, x), (i, acc) -> {
            scale(acc, rowScale == null ? 1 : rowScale.get(0, i), x.cols());
            new RowProducts(w, out).dense1(i, acc, x.cols());
        });
        workers.runRows(
                graph,
                x.cols() + w.cols(),
                (first, last) -> hubs.between(first, last, (from, to) -> {
                    try (Arena scratch = Arena.ofConfined()) {
                        RowTile aggregates =
                                spmm == null ? new RowAggregator(graph, weights, x) : spmm.tile(to, scratch);
                        multiply(aggregates, x.cols(), rowScale, new RowProducts(w, out), from, to);
                    }
                }));
    }

    /** Rows [from, to) of {@code diag(rowScale) aggregates W}. */
    private static void multiply(
            RowTile aggregates, int cols, FloatMatrix rowScale, RowProducts products, int from, int to) {
        float[][] tile = new float[TILE][Lanes.padded(cols)];
        for (int i = from; i < to; i += TILE) {
            int rows = Math.min(TILE, to - i);
            aggregates.rows(i, rows, tile);
            for (int t = 0; t < rows; t++) {
                scale(tile[t], rowScale == null ? 1 : rowScale.get(0, i + t), cols);
            }
            if (rows == TILE) {
                products.dense4(i, tile, cols);
            } else {
                for (int t = 0; t < rows; t++) {
                    products.dense1(i + t, tile[t], cols);
                }
            }
        }
    }

    private static void scale(float[] row, float factor, int cols) {
        for (int c = 0; c < cols; c++) {
            row[c] *= factor;
        }
    }
}
