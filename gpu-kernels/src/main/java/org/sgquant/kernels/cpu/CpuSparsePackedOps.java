package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparseRowReader;

/** {@link SparsePackedOps} on the codes that are there, rows shared out over the threads of {@link Workers}. */
final class CpuSparsePackedOps implements SparsePackedOps {

    private final Workers workers;

    CpuSparsePackedOps(Workers workers) {
        this.workers = workers;
    }

    @Override
    public void gemm(SparsePackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        workers.run(a.storedBytes() * Math.max(1, w.cols()), a.rows(), (from, to) -> {
            SparseRowReader reader = new SparseRowReader(a);
            RowProducts products = new RowProducts(w, c);
            float[] value = new float[a.cols()];
            boolean byColumn = a.granularity() == Granularity.COLUMN;
            for (int i = from; i < to; i++) {
                int n = reader.readAscending(i);
                float scale = byColumn ? 0 : reader.scale(0);
                for (int j = 0; j < n; j++) {
                    value[j] = (byColumn ? reader.scale(reader.columns()[j]) : scale) * reader.codes()[j];
                }
                products.sparse(i, reader.columns(), value, n);
            }
        });
    }

    @Override
    public void spmm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        PackedShapes.requireIntegerSum(x);
        workers.runRows(graph, x.cols(), (from, to) -> {
            SparseRowSum sum = new SparseRowSum(graph, x);
            float[] row = new float[x.cols()];
            for (int i = from; i < to; i++) {
                int n = sum.read(i);
                Arrays.fill(row, 0);
                for (int j = 0; j < n; j++) {
                    row[sum.columns()[j]] = sum.values()[j];
                }
                MemorySegment.copy(row, 0, out.data(), JAVA_FLOAT, out.rowOffset(i), out.cols());
            }
        });
    }

    @Override
    public void spmmGemm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        PackedShapes.requireIntegerSum(x);
        workers.runRows(graph, x.cols() + w.cols(), (from, to) -> {
            SparseRowSum sum = new SparseRowSum(graph, x);
            RowProducts products = new RowProducts(w, out);
            for (int i = from; i < to; i++) {
                int n = sum.read(i);
                float factor = rowScale == null ? 1 : rowScale.get(0, i);
                for (int j = 0; j < n; j++) {
                    sum.values()[j] *= factor;
                }
                products.sparse(i, sum.columns(), sum.values(), n);
            }
        });
    }
}
