package org.sgquant.kernels.reference;

import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparseRowReader;

/** {@link SparsePackedOps} in plain loops: a row is spread out to all of its columns before it is multiplied. */
public final class ReferenceSparsePackedOps implements SparsePackedOps {

    @Override
    public void gemm(SparsePackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        SparseRowReader reader = new SparseRowReader(a);
        for (int i = 0; i < a.rows(); i++) {
            float[] values = new float[a.cols()];
            int n = reader.read(i);
            for (int j = 0; j < n; j++) {
                int k = reader.columns()[j];
                values[k] = reader.scale(k) * reader.codes()[j];
            }
            multiply(values, w, c, i);
        }
    }

    @Override
    public void spmm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        PackedShapes.requireIntegerSum(x);
        SparseRowReader reader = new SparseRowReader(x);
        for (int i = 0; i < graph.numRows(); i++) {
            out.setRow(i, aggregate(graph, reader, x, i));
        }
    }

    @Override
    public void spmmGemm(CsrGraph graph, SparsePackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        PackedShapes.requireIntegerSum(x);
        SparseRowReader reader = new SparseRowReader(x);
        for (int i = 0; i < graph.numRows(); i++) {
            float[] values = aggregate(graph, reader, x, i);
            for (int k = 0; k < values.length; k++) {
                values[k] *= rowScale == null ? 1 : rowScale.get(0, i);
            }
            multiply(values, w, out, i);
        }
    }

    private static float[] aggregate(CsrGraph graph, SparseRowReader reader, SparsePackedMatrix x, int i) {
        float[] acc = new float[x.cols()];
        int e = graph.rowPtr().get(i);
        int end = graph.rowPtr().get(i + 1);
        for (int b = 0; b < x.blocks(); b++) {
            long[] sum = new long[x.cols()];
            for (; e < end && graph.colIdx().get(e) < x.rowEnd(b); e++) {
                int n = reader.read(graph.colIdx().get(e));
                for (int j = 0; j < n; j++) {
                    sum[reader.columns()[j]] += (long) reader.rowCode() * reader.codes()[j];
                }
            }
            for (int c = 0; c < x.cols(); c++) {
                int scale = x.granularity() == Granularity.COLUMN ? c : 0;
                acc[c] = Math.fma(reader.blockScale(b, scale), (float) sum[c], acc[c]);
            }
        }
        return acc;
    }

    private static void multiply(float[] left, FloatMatrix w, FloatMatrix out, int i) {
        float[] acc = new float[w.cols()];
        for (int k = 0; k < left.length; k++) {
            for (int f = 0; left[k] != 0 && f < acc.length; f++) {
                acc[f] = Math.fma(left[k], w.get(k, f), acc[f]);
            }
        }
        out.setRow(i, acc);
    }
}
