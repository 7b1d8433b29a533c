package org.sgquant.perf.device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Calibration;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/**
 * One operation of the {@link Backend} to be timed.
 *
 * @param type how its left operand is stored: {@code fp32}, {@code q4}, {@code q4 column}
 * @param prepare makes further operands and gives the calls
 */
record Operation(String name, String type, Sums sums, Function<DeviceOperands, Prepared> prepare) {

    /** How closely the result is that of the reference. */
    enum Sums {
        /** The same bits. */
        EXACT(0),
        /** Floats of the edges of a row, summed in any order. */
        OVER_EDGES(1e-5),
        /** Floats of the columns of {@code x}, summed in any order. */
        OVER_COLUMNS(1e-5),
        /** The same of operands rounded to 11 bits. */
        OVER_ROUNDED_EDGES(4e-3),
        /** The same of operands rounded to 8 bits or more. */
        OVER_ROUNDED_COLUMNS(3e-2);

        private final double tolerance;

        Sums(double tolerance) {
            this.tolerance = tolerance;
        }

        /** Relative error per square root of the number of terms. */
        double tolerance() {
            return tolerance;
        }
    }

    /** Columns of a product with a weight matrix. */
    private static final int HIDDEN = 64;

    /**
     * An operation whose operands are ready.
     *
     * @param calls what is timed
     * @param read brings what the calls computed into {@code out}, once
     * @param perTarget whether row i of {@code out} belongs to row i of the graph, else to the node of column i
     * @param packed the packed operand, null if there is none
     */
    record Prepared(Runnable calls, Runnable read, FloatMatrix out, boolean perTarget, PackedMatrix packed) {}

    /** Sums over neighbours, of floats and of codes of every native width. */
    static List<Operation> neighbourSums() {
        List<Operation> all = new ArrayList<>();
        all.add(new Operation("spmm", "fp32", Sums.OVER_EDGES, o -> {
            FloatMatrix out = out(o, o.graph().numRows(), o.x().cols());
            return new Prepared(
                    () -> o.backend().sparse().spmm(o.graph(), null, o.x(), out), () -> {}, out, true, null);
        }));
        IntStream.of(16, 8, 4, 2, 1).forEach(q -> all.add(sum("q" + q, Granularity.TENSOR, q)));
        return all;
    }

    /** Everything else; cheap enough for one number of columns only. */
    static List<Operation> others() {
        List<Operation> all = new ArrayList<>();
        all.add(sum("q4 column", Granularity.COLUMN, 4));
        all.add(sum("q4 row", Granularity.ROW, 4));
        all.add(sum("q8,4,4,2 bucket", Granularity.BUCKET, 8, 4, 4, 2));
        all.add(new Operation("spmm weighted", "q4, weights q8", Sums.EXACT, Operation::weighted));
        for (int q : new int[] {8, 4}) {
            all.add(new Operation("spmm and gemm", "q" + q, Sums.EXACT, o -> fused(o, q)));
        }
        for (int q : new int[] {8, 4, 2, 1}) {
            all.add(new Operation("pack", "q" + q, Sums.EXACT, o -> pack(o, q)));
            all.add(new Operation("unpack", "q" + q, Sums.EXACT, o -> unpack(o, q)));
        }
        all.add(new Operation("calibrate", "q8", Sums.EXACT, Operation::calibrate));
        all.add(new Operation("fake quantize", "q4", Sums.EXACT, Operation::fakeQuantize));
        all.add(new Operation("gemm", "fp32", Sums.OVER_COLUMNS, Operation::gemm));
        for (int q : new int[] {8, 4, 1}) {
            all.add(new Operation("gemm", "q" + q, Sums.EXACT, o -> packedGemm(o, q)));
        }
        return all;
    }

    /** Aggregation of training, by whatever the backend takes for it. */
    static Operation aggregation(String type) {
        return new Operation("spmm", type, type.equals("fp32") ? Sums.OVER_EDGES : Sums.OVER_ROUNDED_EDGES, o -> {
            FloatMatrix out = out(o, o.graph().numRows(), o.x().cols());
            return new Prepared(
                    () -> o.backend().aggregation().spmm(o.graph(), null, o.x(), out), () -> {}, out, true, null);
        });
    }

    /** The dense product of training, by whatever the backend takes for it. */
    static Operation dense(String type) {
        Sums sums = type.equals("fp32") ? Sums.OVER_COLUMNS : Sums.OVER_ROUNDED_COLUMNS;
        return new Operation("gemm", type, sums, Operation::gemm);
    }

    private static FloatMatrix out(DeviceOperands o, int rows, int cols) {
        return FloatMatrix.allocate(o.memory(), rows, cols);
    }

    private static PackedMatrix codes(DeviceOperands o, Granularity granularity, int... widths) {
        PackedMatrix codes = PackedMatrix.allocate(o.memory(), o.scheme(granularity, widths));
        o.backend().packed().pack(o.x(), codes);
        return codes;
    }

    private static Operation sum(String type, Granularity granularity, int... widths) {
        return new Operation("spmm", type, Sums.EXACT, o -> {
            PackedMatrix codes = codes(o, granularity, widths);
            FloatMatrix out = out(o, o.graph().numRows(), o.x().cols());
            return new Prepared(() -> o.backend().packed().spmm(o.graph(), codes, out), () -> {}, out, true, codes);
        });
    }

    private static Prepared weighted(DeviceOperands o) {
        PackedMatrix codes = codes(o, Granularity.TENSOR, 4);
        EdgeWeights weights = o.edgeWeights(BitWidth.Q8);
        FloatMatrix out = out(o, o.graph().numRows(), o.x().cols());
        return new Prepared(
                () -> o.backend().packed().spmmWeighted(o.graph(), weights, codes, out), () -> {}, out, true, codes);
    }

    private static Prepared fused(DeviceOperands o, int bits) {
        PackedMatrix codes = codes(o, Granularity.TENSOR, bits);
        FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
        FloatMatrix out = out(o, o.graph().numRows(), HIDDEN);
        return new Prepared(
                () -> o.backend().packed().spmmGemm(o.graph(), null, codes, null, w, out), () -> {}, out, true, codes);
    }

    private static Prepared pack(DeviceOperands o, int bits) {
        PackedMatrix codes = codes(o, Granularity.TENSOR, bits);
        FloatMatrix out = out(o, o.x().rows(), o.x().cols());
        return new Prepared(
                () -> o.backend().packed().pack(o.x(), codes),
                () -> o.backend().packed().unpack(codes, out),
                out,
                false,
                codes);
    }

    private static Prepared unpack(DeviceOperands o, int bits) {
        PackedMatrix codes = codes(o, Granularity.TENSOR, bits);
        FloatMatrix out = out(o, o.x().rows(), o.x().cols());
        return new Prepared(() -> o.backend().packed().unpack(codes, out), () -> {}, out, false, codes);
    }

    /** Read back through what is quantized with the scale and offset that were found. */
    private static Prepared calibrate(DeviceOperands o) {
        QuantScheme scheme = o.scheme(Granularity.TENSOR, 8);
        FloatMatrix out = out(o, o.x().rows(), o.x().cols());
        return new Prepared(
                () -> o.backend().packed().calibrate(o.x(), scheme, Calibration.MIN_MAX),
                () -> o.backend().packed().fakeQuantize(o.x(), scheme, out),
                out,
                false,
                null);
    }

    private static Prepared fakeQuantize(DeviceOperands o) {
        QuantScheme scheme = o.scheme(Granularity.TENSOR, 4);
        FloatMatrix out = out(o, o.x().rows(), o.x().cols());
        return new Prepared(() -> o.backend().packed().fakeQuantize(o.x(), scheme, out), () -> {}, out, false, null);
    }

    private static Prepared gemm(DeviceOperands o) {
        FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
        FloatMatrix out = out(o, o.x().rows(), HIDDEN);
        return new Prepared(() -> o.backend().dense().gemm(o.x(), false, w, false, out), () -> {}, out, false, null);
    }

    private static Prepared packedGemm(DeviceOperands o, int bits) {
        PackedMatrix codes = codes(o, Granularity.TENSOR, bits);
        FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
        FloatMatrix out = out(o, o.x().rows(), HIDDEN);
        return new Prepared(() -> o.backend().packed().gemm(codes, w, out), () -> {}, out, false, codes);
    }
}
