package org.sgquant.kernels.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.BitPositions;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * {@code c = unpack(a) unpack(w)} from integers in Java. Codes are multiplied as floats, which is exact while sums stay
 * below 2^24; longer ones are taken in pieces that are added as integers. The Vector API has no faster sum of products of
 * small integers. Bags of words at 1 bit skip their zeros.
 */
final class VectorGemm implements CodeProducts {

    /** Rows that are decoded together: a multiple of those that stay in registers. */
    private static final int TILE_ROWS = 32;

    /** Integers up to this are floats. */
    private static final int EXACT = 1 << 24;

    private final PackedMatrix a;
    private final RightCodes right;
    private final int centre;

    /** @param workers whose scratch memory holds w until its next use */
    VectorGemm(Workers workers, PackedMatrix a, PackedMatrix w) {
        this.a = a;
        right = new RightCodes(w, 1, workers.scratch(RightCodes.bytes(w, 1)));
        centre = RightCodes.centre(w);
    }

    @Override
    public BlockWriter writer(Arena scratch) {
        Tile[] tiles = new Tile[a.scheme().blocks().size()];
        int[] codeSums = new int[TILE_ROWS];
        return (b, from, to, out) -> {
            if (tiles[b] == null) {
                boolean bits = a.scheme().blocks().get(b).bits() == BitWidth.Q1;
                tiles[b] = bits ? new Bits(b) : new Codes(b, scratch);
            }
            for (int i = from; i < to; i += TILE_ROWS) {
                int rows = Math.min(TILE_ROWS, to - i);
                FloatMatrix c = out.slice(i - from, i - from + rows);
                tiles[b].multiply(i, codeSums, c);
                for (int t = 0; t < rows; t++) {
                    scale(b, i + t, codeSums[t], c, t);
                }
            }
        };
    }

    /** Writes the sums of products of rows from i on to c, rounded to float once, and those of their codes. */
    private interface Tile {
        void multiply(int i, int[] codeSums, FloatMatrix c);
    }

    private long offset(int b, int i) {
        return (long) (i - a.scheme().blocks().get(b).rowStart()) * a.stride(b);
    }

    /** Rows of 1-bit codes: what is 0 is skipped. Sums of so many centred codes are floats. */
    private final class Bits implements Tile {

        private final int b;
        private final int[] column = new int[a.cols() + BitPositions.SLACK];
        private final float[] one = new float[a.cols()];
        private final RowProducts products = new RowProducts(right.words);

        Bits(int b) {
            this.b = b;
            Arrays.fill(one, 1);
        }

        @Override
        public void multiply(int i, int[] codeSums, FloatMatrix c) {
            for (int t = 0; t < c.rows(); t++) {
                codeSums[t] = NonZeros.ones(a.data(b), offset(b, i + t), a.cols(), column);
                products.sparse(c, t, column, one, codeSums[t]);
            }
        }
    }

    /** Rows of any codes. */
    private final class Codes implements Tile {

        private final int b;
        private final RowCodes codes;
        private final FloatMatrix left;
        private final int exact;

        Codes(int b, Arena scratch) {
            this.b = b;
            BitWidth bits = a.scheme().blocks().get(b).bits();
            codes = new RowCodes(bits, a.cols());
            exact = EXACT / (bits.maxCode() * centre);
            MemorySegment memory = scratch.allocate(FloatMatrix.bytes(TILE_ROWS, a.cols()), Memory.ALIGNMENT);
            left = FloatMatrix.view(memory, TILE_ROWS, a.cols());
        }

        @Override
        public void multiply(int i, int[] codeSums, FloatMatrix c) {
            for (int t = 0; t < c.rows(); t++) {
                codes.load(a.data(b), offset(b, i + t));
                codeSums[t] = decode(codes, left, t);
            }
            VectorGemm.this.multiply(left, exact, c);
        }
    }

    /** Row t of {@code left}: the codes as floats; their sum. */
    private static int decode(RowCodes codes, FloatMatrix left, int t) {
        IntVector sum = IntVector.zero(Lanes.INT);
        int cols = left.cols();
        long row = left.rowOffset(t);
        int k = 0;
        for (; k <= cols - Lanes.FLOATS; k += Lanes.FLOATS) {
            IntVector u = codes.get(k);
            sum = sum.add(u);
            Lanes.floats(u).intoMemorySegment(left.data(), row + 4L * k, Vectors.ORDER);
        }
        if (k < cols) {
            IntVector u = codes.get(k);
            sum = sum.add(u, Lanes.INT.indexInRange(k, cols));
            Lanes.floats(u).intoMemorySegment(left.data(), row + 4L * k, Vectors.ORDER);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /** Sums of products of codes, rounded to float once; those of up to {@code exact} terms are floats. */
    private void multiply(FloatMatrix left, int exact, FloatMatrix c) {
        MemorySegment sums = c.data();
        int depth = left.cols();
        sums.fill((byte) 0);
        if (depth <= exact) {
            multiply(left, 0, depth, c);
            return;
        }
        int[] totals = new int[c.rows() * c.stride()];
        for (int k = 0; k < depth; k += exact) {
            multiply(left, k, Math.min(k + exact, depth), c);
            for (int at = 0; at < totals.length; at += Lanes.FLOATS) {
                IntVector piece = (IntVector) FloatVector.fromMemorySegment(Lanes.FLOAT, sums, 4L * at, Vectors.ORDER)
                        .convertShape(VectorOperators.F2I, Lanes.INT, 0);
                IntVector.fromArray(Lanes.INT, totals, at).add(piece).intoArray(totals, at);
            }
            sums.fill((byte) 0);
        }
        for (int at = 0; at < totals.length; at += Lanes.FLOATS) {
            Lanes.floats(IntVector.fromArray(Lanes.INT, totals, at)).intoMemorySegment(sums, 4L * at, Vectors.ORDER);
        }
    }

    /** Adds the terms [k, end). */
    private void multiply(FloatMatrix left, int k, int end, FloatMatrix c) {
        int vectors = Vectors.count(c.cols());
        for (int v = 0; v < vectors; ) {
            int width = GemmKernel.width(vectors - v);
            GemmKernel kernel = new GemmKernel(
                    left.data(),
                    Vectors.rowBytes(left),
                    Float.BYTES,
                    right.words.data(),
                    Vectors.rowBytes(right.words),
                    c.data(),
                    Vectors.rowBytes(c),
                    v * Vectors.BYTES,
                    k,
                    end);
            kernel.rows(width, 0, c.rows());
            v += width;
        }
    }

    /** {@code c_t = fma(scale, fma(scale_j, c_t, codeSum * base_j), offset * sum_j)}, row t of c being row i of the product. */
    private void scale(int b, int i, float codeSum, FloatMatrix c, int t) {
        Block block = a.scheme().blocks().get(b);
        int rowCode = a.rowCode(b, i - block.rowStart());
        int of = a.scheme().scaleIndex(block, i, 0);
        FloatVector scale =
                FloatVector.broadcast(Vectors.FLOATS, block.params().scale().get(0, of) * rowCode);
        float offset = block.params().offset().get(0, of) * rowCode;
        MemorySegment columns = right.columns.data();
        long base = right.columns.rowOffset(RightCodes.BASE);
        long sum = right.columns.rowOffset(RightCodes.SUM);
        MemorySegment out = c.data();
        long row = c.rowOffset(t);
        for (long at = 0; at < 4L * c.cols(); at += Vectors.BYTES) {
            FloatVector zeros = FloatVector.fromMemorySegment(Vectors.FLOATS, columns, base + at, Vectors.ORDER)
                    .mul(codeSum);
            FloatVector products = FloatVector.fromMemorySegment(Vectors.FLOATS, out, row + at, Vectors.ORDER);
            FloatVector terms = FloatVector.fromMemorySegment(Vectors.FLOATS, columns, at, Vectors.ORDER)
                    .fma(products, zeros);
            FloatVector constant = FloatVector.fromMemorySegment(Vectors.FLOATS, columns, sum + at, Vectors.ORDER)
                    .mul(offset);
            terms.fma(scale, constant).intoMemorySegment(out, row + at, Vectors.ORDER);
        }
    }
}
