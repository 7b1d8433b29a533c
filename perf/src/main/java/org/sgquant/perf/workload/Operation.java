package org.sgquant.perf.workload;

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
public record Operation(String name, String type, Sums sums, Function<GraphOperands, Prepared> prepare) {

    /** How closely the result is that of the reference. */
    public enum Sums {
        /** The same bits. */
        EXACT(0),
        /** Floats of the edges of a row, summed in any order. */
        OVER_EDGES(1e-5),
        /** Floats of the columns of {@code x}, summed in any order. */
        OVER_COLUMNS(1e-5),
        /** The former, then the latter of their sums. */
        OVER_EDGES_AND_COLUMNS(1e-5),
        /** Floats of the edges of operands rounded to 11 bits. */
        OVER_ROUNDED_EDGES(4e-3),
        /** Floats of the columns of operands rounded to 8 bits or more. */
        OVER_ROUNDED_COLUMNS(3e-2);

        private final double tolerance;

        Sums(double tolerance) {
            this.tolerance = tolerance;
        }

        /** Relative error of sums of so many terms. */
        double tolerance(int edges, int columns) {
            double terms = switch (this) {
                case EXACT -> 0;
                case OVER_EDGES, OVER_ROUNDED_EDGES -> edges;
                case OVER_COLUMNS, OVER_ROUNDED_COLUMNS -> columns;
                case OVER_EDGES_AND_COLUMNS -> (double) edges + columns;
            };
            return tolerance * Math.sqrt(terms);
        }
    }

    /** Columns of a product with a weight matrix. */
    static final int HIDDEN = 64;

    private static final String FP32 = "fp32";

    /**
     * An operation whose operands are ready.
     *
     * @param calls what is timed
     * @param read brings what the calls computed into {@code out}, once
     * @param perTarget whether row i of {@code out} belongs to row i of the graph, else to the node of column i
     * @param packed the packed operand, null if there is none
     */
    public record Prepared(Runnable calls, Runnable read, FloatMatrix out, boolean perTarget, PackedMatrix packed) {}

    /** Sums over neighbours, of floats and of codes of every native width. */
    public static List<Operation> neighbourSums() {
        return IntStream.of(32, 16, 8, 4, 2, 1).mapToObj(Operation::spmm).toList();
    }

    /** Everything else; cheap enough for one number of columns only. */
    public static List<Operation> others() {
        List<Operation> all = new ArrayList<>();
        all.add(sum("q4 column", Granularity.COLUMN, 4));
        all.add(sum("q4 row", Granularity.ROW, 4));
        all.add(sum("q8,4,4,2 bucket", Granularity.BUCKET, 8, 4, 4, 2));
        all.add(spmmWeighted(4));
        for (int q : new int[] {8, 4}) {
            all.add(spmmGemm(q));
        }
        for (int q : new int[] {8, 4, 2, 1}) {
            all.add(pack(q));
            all.add(unpack(q));
        }
        all.add(new Operation("calibrate", "q8", Sums.EXACT, Operation::calibrate));
        all.add(new Operation("fake quantize", "q4", Sums.EXACT, Operation::fakeQuantize));
        all.add(gemm(32));
        for (int q : new int[] {8, 4, 1}) {
            all.add(gemm(q));
            all.add(gemmCodes(q));
        }
        return all;
    }

    /** Aggregation of training, by whatever the backend takes for it. */
    public static Operation aggregation(String type) {
        return new Operation("spmm", type, type.equals(FP32) ? Sums.OVER_EDGES : Sums.OVER_ROUNDED_EDGES, o -> {
            FloatMatrix out = o.out(o.graph().numRows(), o.x().cols());
            return perTarget(() -> o.backend().aggregation().spmm(o.graph(), null, o.x(), out), out, null);
        });
    }

    /** The dense product of training, by whatever the backend takes for it. */
    public static Operation dense(String type) {
        Sums sums = type.equals(FP32) ? Sums.OVER_COLUMNS : Sums.OVER_ROUNDED_COLUMNS;
        return new Operation("gemm", type, sums, Operation::denseProduct);
    }

    /** {@code A x}: of floats at 32 bits, else of codes with one scale, as {@code bits} is in what follows. */
    static Operation spmm(int bits) {
        if (bits < 32) {
            return sum("q" + bits, Granularity.TENSOR, bits);
        }
        return new Operation("spmm", FP32, Sums.OVER_EDGES, o -> {
            FloatMatrix out = o.out(o.graph().numRows(), o.x().cols());
            return perTarget(() -> o.backend().sparse().spmm(o.graph(), null, o.x(), out), out, null);
        });
    }

    private static Operation sum(String type, Granularity granularity, int... widths) {
        return new Operation("spmm", type, Sums.EXACT, o -> {
            PackedMatrix codes = o.codes(granularity, widths);
            FloatMatrix out = o.out(o.graph().numRows(), o.x().cols());
            return perTarget(() -> o.backend().packed().spmm(o.graph(), codes, out), out, codes);
        });
    }

    /** The same with a weight per edge, of 8 bits where x is packed. */
    static Operation spmmWeighted(int bits) {
        if (bits < 32) {
            return new Operation("spmm weighted", "q" + bits + ", weights q8", Sums.EXACT, o -> {
                PackedMatrix codes = o.codes(Granularity.TENSOR, bits);
                EdgeWeights weights = o.edgeWeights(BitWidth.Q8);
                FloatMatrix out = o.out(o.graph().numRows(), o.x().cols());
                return perTarget(() -> o.backend().packed().spmmWeighted(o.graph(), weights, codes, out), out, codes);
            });
        }
        return new Operation("spmm weighted", FP32, Sums.OVER_EDGES, o -> {
            FloatMatrix values = o.edgeValues();
            FloatMatrix out = o.out(o.graph().numRows(), o.x().cols());
            return perTarget(() -> o.backend().sparse().spmm(o.graph(), values, o.x(), out), out, null);
        });
    }

    /** {@code A x w}: fused where x is packed, a sum and a product of floats at 32 bits. */
    static Operation spmmGemm(int bits) {
        if (bits < 32) {
            return new Operation("spmm and gemm", "q" + bits, Sums.EXACT, o -> {
                PackedMatrix codes = o.codes(Granularity.TENSOR, bits);
                FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
                FloatMatrix out = o.out(o.graph().numRows(), HIDDEN);
                return perTarget(() -> o.backend().packed().spmmGemm(o.graph(), null, codes, null, w, out), out, codes);
            });
        }
        return new Operation("spmm and gemm", FP32, Sums.OVER_EDGES_AND_COLUMNS, o -> {
            FloatMatrix sums = o.out(o.graph().numRows(), o.x().cols());
            FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
            FloatMatrix out = o.out(o.graph().numRows(), HIDDEN);
            Runnable calls = () -> {
                o.backend().sparse().spmm(o.graph(), null, o.x(), sums);
                o.backend().dense().gemm(sums, false, w, false, out);
            };
            return perTarget(calls, out, null);
        });
    }

    /** {@code x w}. */
    static Operation gemm(int bits) {
        return bits == 32
                ? dense(FP32)
                : new Operation("gemm", "q" + bits, Sums.EXACT, o -> {
                    PackedMatrix codes = o.codes(Granularity.TENSOR, bits);
                    FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
                    FloatMatrix out = o.out(o.x().rows(), HIDDEN);
                    return perNode(() -> o.backend().packed().gemm(codes, w, out), out, codes);
                });
    }

    /** {@code x w} with w packed at 8 bits as well, a scale per column; at 32 bits the product of floats. */
    static Operation gemmCodes(int bits) {
        return bits == 32
                ? dense(FP32)
                : new Operation("gemm", "q" + bits + ", weights q8", Sums.EXACT, o -> {
                    PackedMatrix codes = o.codes(Granularity.TENSOR, bits);
                    PackedMatrix w = o.weightCodes(o.x().cols(), HIDDEN, BitWidth.Q8);
                    FloatMatrix out = o.out(o.x().rows(), HIDDEN);
                    return perNode(() -> o.backend().packed().gemm(codes, w, out), out, codes);
                });
    }

    private static Prepared denseProduct(GraphOperands o) {
        FloatMatrix w = o.weights(o.x().cols(), HIDDEN);
        FloatMatrix out = o.out(o.x().rows(), HIDDEN);
        return perNode(() -> o.backend().dense().gemm(o.x(), false, w, false, out), out, null);
    }

    /** Codes of x, stored; at 32 bits its floats. */
    static Operation pack(int bits) {
        return new Operation("pack", type(bits), Sums.EXACT, o -> {
            PackedMatrix codes = o.emptyCodes(Granularity.TENSOR, bits);
            FloatMatrix out = o.out(o.x().rows(), o.x().cols());
            Runnable read = () -> o.backend().packed().unpack(codes, out);
            return new Prepared(() -> o.backend().packed().pack(o.x(), codes), read, out, false, codes);
        });
    }

    /** The floats that codes stand for. */
    static Operation unpack(int bits) {
        return new Operation("unpack", type(bits), Sums.EXACT, o -> {
            PackedMatrix codes = o.codes(Granularity.TENSOR, bits);
            FloatMatrix out = o.out(o.x().rows(), o.x().cols());
            return perNode(() -> o.backend().packed().unpack(codes, out), out, codes);
        });
    }

    /** Read back through what is quantized with the scale and offset that were found. */
    private static Prepared calibrate(GraphOperands o) {
        QuantScheme scheme = o.scheme(Granularity.TENSOR, 8);
        FloatMatrix out = o.out(o.x().rows(), o.x().cols());
        Runnable read = () -> o.backend().packed().fakeQuantize(o.x(), scheme, out);
        return new Prepared(
                () -> o.backend().packed().calibrate(o.x(), scheme, Calibration.MIN_MAX), read, out, false, null);
    }

    private static Prepared fakeQuantize(GraphOperands o) {
        QuantScheme scheme = o.scheme(Granularity.TENSOR, 4);
        FloatMatrix out = o.out(o.x().rows(), o.x().cols());
        return perNode(() -> o.backend().packed().fakeQuantize(o.x(), scheme, out), out, null);
    }

    private static String type(int bits) {
        return bits == 32 ? FP32 : "q" + bits;
    }

    private static Prepared perTarget(Runnable calls, FloatMatrix out, PackedMatrix packed) {
        return new Prepared(calls, () -> {}, out, true, packed);
    }

    private static Prepared perNode(Runnable calls, FloatMatrix out, PackedMatrix packed) {
        return new Prepared(calls, () -> {}, out, false, packed);
    }
}
