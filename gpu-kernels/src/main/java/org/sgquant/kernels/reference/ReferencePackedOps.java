package org.sgquant.kernels.reference;

import java.util.Arrays;
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

/** {@link PackedOps} in plain loops, in the float32 order its contract gives: the oracle of the other backends. */
public final class ReferencePackedOps implements PackedOps {

    @Override
    public void calibrate(FloatMatrix x, QuantScheme scheme, Calibration calibration) {
        PackedShapes.requireScheme(x, scheme, "calibrate");
        new ReferenceCalibrator(x, scheme, calibration).run();
    }

    @Override
    public void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantize");
        PackedShapes.requireScheme(out, scheme, "fakeQuantize out");
        ReferenceQuantizer.fakeQuantize(x, scheme, out);
    }

    @Override
    public void fakeQuantizeStochastic(
            FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeStochastic");
        PackedShapes.requireScheme(out, scheme, "fakeQuantizeStochastic out");
        ReferenceQuantizer.fakeQuantizeStochastic(
                x, scheme, CounterRandom.key(state.seed(), state.step(), stream), out);
    }

    @Override
    public void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeBackward");
        PackedShapes.requireScheme(gradY, scheme, "fakeQuantizeBackward gradY");
        PackedShapes.requireScheme(gradX, scheme, "fakeQuantizeBackward gradX");
        ReferenceQuantizer.fakeQuantizeBackward(x, scheme, gradY, gradX);
    }

    @Override
    public void pack(FloatMatrix x, PackedMatrix out) {
        PackedShapes.requireScheme(x, out.scheme(), "pack");
        ReferenceQuantizer.pack(x, out);
    }

    @Override
    public void unpack(PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireScheme(out, x.scheme(), "unpack");
        ReferenceQuantizer.unpack(x, out);
    }

    @Override
    public void spmm(CsrGraph graph, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        aggregate(new ReferenceAggregation(graph, null, x), out);
    }

    @Override
    public void spmmWeighted(CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix out) {
        PackedShapes.requireSpmm(graph, x, out);
        PackedShapes.requireWeights(graph, weights);
        aggregate(new ReferenceAggregation(graph, weights, x), out);
    }

    private static void aggregate(ReferenceAggregation aggregation, FloatMatrix out) {
        for (int i = 0; i < out.rows(); i++) {
            for (int c = 0; c < out.cols(); c++) {
                out.set(i, c, aggregation.value(i, c));
            }
        }
    }

    @Override
    public void gemm(PackedMatrix a, FloatMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        for (int i = 0; i < c.rows(); i++) {
            float[] acc = new float[c.cols()];
            for (int k = 0; k < a.cols(); k++) {
                float left = a.value(i, k);
                if (left != 0) {
                    addProduct(left, w, k, acc);
                }
            }
            c.setRow(i, acc);
        }
    }

    @Override
    public void gemm(PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        PackedShapes.requireGemm(a, w, c);
        QuantScheme.Block right = w.scheme().blocks().get(0);
        int centre = 1 << (right.bits().bits() - 1);
        int[][] columns = new int[w.cols()][w.rows()];
        for (int j = 0; j < w.cols(); j++) {
            for (int k = 0; k < w.rows(); k++) {
                columns[j][k] = w.code(k, j) - centre;
            }
        }
        for (int b = 0; b < a.scheme().blocks().size(); b++) {
            QuantScheme.Block left = a.scheme().blocks().get(b);
            for (int i = left.rowStart(); i < left.rowEnd(); i++) {
                int at = a.scheme().scaleIndex(left, i, 0);
                int rowCode = a.rowCode(b, i - left.rowStart());
                float scale = left.params().scale().get(0, at) * rowCode;
                float offset = left.params().offset().get(0, at) * rowCode;
                int[] row = new int[a.cols()];
                for (int k = 0; k < a.cols(); k++) {
                    row[k] = a.code(i, k);
                }
                for (int j = 0; j < w.cols(); j++) {
                    int of = w.scheme().scaleIndex(right, 0, j);
                    float step = right.params().scale().get(0, of);
                    float zero = Math.fma(
                            (float) centre, step, right.params().offset().get(0, of));
                    float whole = Math.fma(step, (float) sum(columns[j]), (float) a.cols() * zero);
                    float product = Math.fma(step, (float) dot(row, columns[j]), (float) sum(row) * zero);
                    c.set(i, j, Math.fma(scale, product, offset * whole));
                }
            }
        }
    }

    private static int sum(int[] values) {
        return Arrays.stream(values).sum();
    }

    private static int dot(int[] a, int[] b) {
        int sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    @Override
    public void spmmGemm(
            CsrGraph graph, EdgeWeights weights, PackedMatrix x, FloatMatrix rowScale, FloatMatrix w, FloatMatrix out) {
        PackedShapes.requireSpmmGemm(graph, x, rowScale, w, out);
        if (weights != null) {
            PackedShapes.requireWeights(graph, weights);
        }
        ReferenceAggregation aggregation = new ReferenceAggregation(graph, weights, x);
        for (int i = 0; i < out.rows(); i++) {
            float[] acc = new float[out.cols()];
            float factor = rowScale == null ? 1 : rowScale.get(0, i);
            for (int k = 0; k < x.cols(); k++) {
                addProduct(factor * aggregation.value(i, k), w, k, acc);
            }
            out.setRow(i, acc);
        }
    }

    /** {@code acc = fma(left, w_k, acc)}. */
    private static void addProduct(float left, FloatMatrix w, int k, float[] acc) {
        for (int f = 0; f < acc.length; f++) {
            acc[f] = Math.fma(left, w.get(k, f), acc[f]);
        }
    }
}
