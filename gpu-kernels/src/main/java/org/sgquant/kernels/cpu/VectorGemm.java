package org.sgquant.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * {@code c = unpack(a) unpack(w)} from integers in Java. Codes are multiplied as floats, which is exact while sums stay
 * below 2^24; longer ones are taken in pieces that are added as integers. The Vector API has no faster sum of products of
 * small integers.
 */
final class VectorGemm implements CodeProducts {

    private static final int TILE_ROWS = 16;

    /** Integers up to this are floats. */
    private static final int EXACT = 1 << 24;

    private final PackedMatrix a;
    private final FloatMatrix c;
    private final RightCodes right;
    private final int centre;

    /** @param workers whose scratch memory holds w until its next use */
    VectorGemm(Workers workers, PackedMatrix a, PackedMatrix w, FloatMatrix c) {
        this.a = a;
        this.c = c;
        right = new RightCodes(w, 1, workers.scratch(RightCodes.bytes(w, 1)));
        centre = RightCodes.centre(w);
    }

    @Override
    public void rows(int b, int from, int to, Arena scratch) {
        Block block = a.scheme().blocks().get(b);
        RowCodes codes = new RowCodes(block.bits(), a.cols());
        FloatMatrix left = matrix(scratch, a.cols());
        FloatMatrix products = matrix(scratch, c.cols());
        int[] rowSums = new int[TILE_ROWS];
        for (int i = from; i < to; i += TILE_ROWS) {
            int rows = Math.min(TILE_ROWS, to - i);
            for (int t = 0; t < rows; t++) {
                codes.load(a.data(b), (long) (i + t - block.rowStart()) * a.stride(b));
                rowSums[t] = decode(codes, left, t);
            }
            multiply(left, rows, EXACT / (block.bits().maxCode() * centre), products);
            QuantParams params = block.params();
            for (int t = 0; t < rows; t++) {
                int at = a.scheme().scaleIndex(block, i + t, 0);
                int rowCode = a.rowCode(b, i + t - block.rowStart());
                float scale = params.scale().get(0, at) * rowCode;
                float offset = params.offset().get(0, at) * rowCode;
                store(products, t, scale, offset, rowSums[t], i + t);
            }
        }
    }

    private static FloatMatrix matrix(Arena scratch, int cols) {
        MemorySegment memory = scratch.allocate(FloatMatrix.bytes(TILE_ROWS, cols), Memory.ALIGNMENT);
        return FloatMatrix.view(memory, TILE_ROWS, cols);
    }

    /** Row t of {@code left}: the codes as floats; their sum. */
    private static int decode(RowCodes codes, FloatMatrix left, int t) {
        IntVector sum = IntVector.zero(Lanes.INT);
        for (int k = 0; k < left.cols(); k += Lanes.FLOATS) {
            IntVector u = codes.get(k);
            sum = sum.add(u, Lanes.INT.indexInRange(k, left.cols()));
            Lanes.floats(u).intoMemorySegment(left.data(), left.rowOffset(t) + 4L * k, Vectors.ORDER);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /** The products of codes, rounded to float once; sums of up to {@code exact} terms are floats. */
    private void multiply(FloatMatrix left, int rows, int exact, FloatMatrix products) {
        int depth = left.cols();
        long bytes = (long) rows * Vectors.rowBytes(products);
        products.data().asSlice(0, bytes).fill((byte) 0);
        if (depth <= exact) {
            multiply(left, rows, 0, depth, products);
            return;
        }
        int[] totals = new int[rows * products.stride()];
        for (int k = 0; k < depth; k += exact) {
            multiply(left, rows, k, Math.min(k + exact, depth), products);
            for (int at = 0; at < totals.length; at += Lanes.FLOATS) {
                IntVector piece =
                        (IntVector) FloatVector.fromMemorySegment(Lanes.FLOAT, products.data(), 4L * at, Vectors.ORDER)
                                .convertShape(VectorOperators.F2I, Lanes.INT, 0);
                IntVector.fromArray(Lanes.INT, totals, at).add(piece).intoArray(totals, at);
            }
            products.data().asSlice(0, bytes).fill((byte) 0);
        }
        for (int at = 0; at < totals.length; at += Lanes.FLOATS) {
            Lanes.floats(IntVector.fromArray(Lanes.INT, totals, at))
                    .intoMemorySegment(products.data(), 4L * at, Vectors.ORDER);
        }
    }

    /** Adds the terms [k, end). */
    private void multiply(FloatMatrix left, int rows, int k, int end, FloatMatrix products) {
        int vectors = Vectors.count(c.cols());
        for (int v = 0; v < vectors; ) {
            int width = GemmKernel.width(vectors - v);
            GemmKernel kernel = new GemmKernel(
                    left.data(),
                    Vectors.rowBytes(left),
                    Float.BYTES,
                    right.words.data(),
                    Vectors.rowBytes(right.words),
                    products.data(),
                    Vectors.rowBytes(products),
                    v * Vectors.BYTES,
                    k,
                    end);
            kernel.rows(width, 0, rows);
            v += width;
        }
    }

    /** {@code c_i = fma(scale, fma(scale_j, products, rowSum * base_j), offset * sum_j)}. */
    private void store(FloatMatrix products, int t, float scale, float offset, float rowSum, int i) {
        FloatMatrix columns = right.columns;
        for (int j = 0; j < c.cols(); j += Lanes.FLOATS) {
            FloatVector product = at(columns, RightCodes.SCALE, j)
                    .fma(at(products, t, j), at(columns, RightCodes.BASE, j).mul(rowSum));
            FloatVector constant = at(columns, RightCodes.SUM, j).mul(offset);
            product.fma(FloatVector.broadcast(Lanes.FLOAT, scale), constant)
                    .intoMemorySegment(c.data(), c.rowOffset(i) + 4L * j, Vectors.ORDER);
        }
    }

    private static FloatVector at(FloatMatrix x, int row, int col) {
        return FloatVector.fromMemorySegment(Lanes.FLOAT, x.data(), x.rowOffset(row) + 4L * col, Vectors.ORDER);
    }
}
