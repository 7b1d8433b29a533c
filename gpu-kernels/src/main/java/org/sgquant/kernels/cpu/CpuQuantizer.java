package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;
import org.sgquant.tensor.Rounding;

/** Fake quantization, packing and unpacking, a row at a time. */
final class CpuQuantizer {

    /** Adding and subtracting 2^23 rounds a float in [0, 2^22] to an integer, half to even. */
    static final float ROUND = 0x1p23f;

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /** What beginning a row costs, in elements of a loop. */
    private static final int ROW_WORK = 64;

    private final Workers workers;

    CpuQuantizer(Workers workers) {
        this.workers = workers;
    }

    void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        overBlocks(scheme, (b, from, to) -> {
            Block block = scheme.blocks().get(b);
            if (!block.bits().isPacked()) {
                copyRows(x, out, from, to);
                return;
            }
            BlockParams params = new BlockParams(scheme, block);
            for (int r = from; r < to; r++) {
                params.moveTo(x, r, r);
                long row = x.rowOffset(r);
                for (int c = 0; c < scheme.cols(); c += Lanes.FLOATS) {
                    FloatVector t = normalised(load(x, row, c), params, c);
                    FloatVector value = params.floats() == null
                            ? params.scaleAt(c).fma(rounded(t, block, scheme.rounding()), params.offsetAt(c))
                            : params.floats().nearest(t).mul(params.scaleAt(c));
                    value.intoMemorySegment(out.data(), row + 4L * c, ORDER);
                }
            }
        });
    }

    void fakeQuantizeStochastic(FloatMatrix x, QuantScheme scheme, long key, FloatMatrix out) {
        overBlocks(scheme, (b, from, to) -> {
            Block block = scheme.blocks().get(b);
            if (!block.bits().isPacked()) {
                copyRows(x, out, from, to);
                return;
            }
            BlockParams params = new BlockParams(scheme, block);
            for (int r = from; r < to; r++) {
                params.moveTo(x, r, r);
                long row = x.rowOffset(r);
                for (int c = 0; c < scheme.cols(); c += Lanes.FLOATS) {
                    FloatVector t = normalised(load(x, row, c), params, c);
                    IntVector index = IntVector.broadcast(Lanes.INT, r * scheme.cols() + c)
                            .addIndex(1);
                    FloatVector uniform =
                            Lanes.floats(RandomLanes.bits24(key, index)).mul(0x1p-24f);
                    FloatVector value = params.floats() == null
                            ? params.scaleAt(c).fma(randomlyRounded(clamped(t, block), uniform), params.offsetAt(c))
                            : params.floats().stochastic(t, uniform).mul(params.scaleAt(c));
                    value.intoMemorySegment(out.data(), row + 4L * c, ORDER);
                }
            }
        });
    }

    /** The whole number below t of [0, 2^22], or the next where {@code uniform} is less than the fraction. */
    static FloatVector randomlyRounded(FloatVector t, FloatVector uniform) {
        FloatVector whole = floor(t);
        return whole.add(1, uniform.compare(VectorOperators.LT, t.sub(whole)));
    }

    private static void copyRows(FloatMatrix x, FloatMatrix out, int from, int to) {
        MemorySegment.copy(x.data(), x.rowOffset(from), out.data(), x.rowOffset(from), x.rowOffset(to - from));
    }

    void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        overBlocks(scheme, (b, from, to) -> {
            Block block = scheme.blocks().get(b);
            if (!block.bits().isPacked()) {
                copyRows(gradY, gradX, from, to);
                return;
            }
            BlockParams params = new BlockParams(scheme, block);
            for (int r = from; r < to; r++) {
                params.moveTo(x, r, r);
                long row = x.rowOffset(r);
                for (int c = 0; c < scheme.cols(); c += Lanes.FLOATS) {
                    FloatVector t = normalised(load(x, row, c), params, c);
                    VectorMask<Float> inside = params.floats() == null
                            ? inside(t, block.bits().maxCode())
                            : params.floats().inside(t);
                    FloatVector.zero(Lanes.FLOAT)
                            .blend(load(gradY, row, c), inside)
                            .intoMemorySegment(gradX.data(), row + 4L * c, ORDER);
                }
            }
        });
    }

    private static VectorMask<Float> inside(FloatVector t, float maxCode) {
        return t.compare(VectorOperators.GE, 0).and(t.compare(VectorOperators.LE, maxCode));
    }

    void pack(FloatMatrix x, PackedMatrix out) {
        overRows(out.scheme(), (from, to) -> new RowPacker(out).pack(x.slice(from, to), from));
    }

    static IntVector codes(FloatVector t, Block block, Rounding rounding) {
        return rounded(t, block, rounding).add(ROUND).reinterpretAsInts().and(0xffff);
    }

    void unpack(PackedMatrix x, FloatMatrix out) {
        QuantScheme scheme = x.scheme();
        overBlocks(scheme, (b, from, to) -> {
            Block block = scheme.blocks().get(b);
            BlockParams params = new BlockParams(scheme, block);
            RowCodes codes = block.bits().isPacked() ? new RowCodes(block.bits(), scheme.cols()) : null;
            for (int r = from; r < to; r++) {
                long row = (long) (r - block.rowStart()) * x.stride(b);
                if (codes == null) {
                    MemorySegment.copy(x.data(b), row, out.data(), out.rowOffset(r), 4L * scheme.cols());
                    continue;
                }
                params.moveTo(x, b, r);
                codes.load(x.data(b), row);
                for (int c = 0; c < scheme.cols(); c += Lanes.FLOATS) {
                    params.dequantize(codes.get(c), c).intoMemorySegment(out.data(), out.rowOffset(r) + 4L * c, ORDER);
                }
            }
        });
    }

    /** Throws at the first NaN or infinity of row {@code r}, which is {@code row} of the tensor. */
    static void requireFinite(FloatMatrix x, int r, int row, String name) {
        long at = x.rowOffset(r);
        int whole = Lanes.FLOAT.loopBound(x.cols());
        FloatVector probe = FloatVector.zero(Lanes.FLOAT);
        for (int c = 0; c < whole; c += Lanes.FLOATS) {
            probe = load(x, at, c).fma(FloatVector.zero(Lanes.FLOAT), probe);
        }
        if (whole < x.cols()) {
            VectorMask<Float> rest = Lanes.FLOAT.indexInRange(whole, x.cols());
            probe = FloatVector.zero(Lanes.FLOAT)
                    .blend(load(x, at, whole), rest)
                    .fma(FloatVector.zero(Lanes.FLOAT), probe);
        }
        // Zero times what is finite is 0, all else NaN.
        if (!probe.compare(VectorOperators.NE, 0).anyTrue()) {
            return;
        }
        for (int c = 0; c < x.cols(); c++) {
            if (!Float.isFinite(x.get(r, c))) {
                throw new NonFiniteException(name, row, c, x.get(r, c));
            }
        }
    }

    static FloatVector load(FloatMatrix x, long row, int c) {
        return FloatVector.fromMemorySegment(Lanes.FLOAT, x.data(), row + 4L * c, ORDER);
    }

    static FloatVector normalised(FloatVector x, BlockParams params, int c) {
        return x.sub(params.offsetAt(c)).div(params.scaleAt(c));
    }

    /** Codes as floats; NaN stays NaN. */
    static FloatVector rounded(FloatVector t, Block block, Rounding rounding) {
        FloatVector clamped = clamped(t, block);
        return rounding == Rounding.NEAREST ? clamped.add(ROUND).sub(ROUND) : floor(clamped);
    }

    private static FloatVector clamped(FloatVector t, Block block) {
        return t.max(0).min((float) block.bits().maxCode());
    }

    /** Floor of floats in [0, 2^22]. */
    private static FloatVector floor(FloatVector t) {
        FloatVector nearest = t.add(ROUND).sub(ROUND);
        return nearest.sub(1, nearest.compare(VectorOperators.GT, t));
    }

    private interface BlockBody {
        void accept(int block, int rowFrom, int rowTo);
    }

    /** Covers the rows of the tensor by ranges that lie within one block each. */
    private void overBlocks(QuantScheme scheme, BlockBody body) {
        overRows(scheme, (from, to) -> {
            for (int b = 0; b < scheme.blocks().size(); b++) {
                int start = Math.max(from, scheme.blocks().get(b).rowStart());
                int end = Math.min(to, scheme.blocks().get(b).rowEnd());
                if (start < end) {
                    body.accept(b, start, end);
                }
            }
        });
    }

    private void overRows(QuantScheme scheme, Workers.RangeBody body) {
        workers.run((long) scheme.rows() * (4 * scheme.cols() + ROW_WORK), scheme.rows(), body);
    }
}
