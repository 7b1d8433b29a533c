package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * The right factor w of a product of codes, made ready for it: centred codes {@code v = code - 2^(q-1)}, and what belongs
 * to each column.
 */
final class RightCodes {

    /** Rows of {@link #columns}: scale, value of a centred code of 0, sum of the column's values. */
    static final int SCALE = 0;

    static final int BASE = 1;
    static final int SUM = 2;

    /** Row i: the codes of rows i * n to i * n + n - 1 in 32 bits, the first lowest; floats where n is 1. */
    final FloatMatrix words;

    final FloatMatrix columns;

    /** @param memory of at least {@link #bytes} */
    RightCodes(PackedMatrix w, int codesPerWord, MemorySegment memory) {
        int wordRows = Math.ceilDiv(w.rows(), codesPerWord);
        words = FloatMatrix.view(memory, wordRows, w.cols());
        columns = FloatMatrix.view(memory.asSlice(words.bytes()), 3, w.cols());
        Block block = w.scheme().blocks().get(0);
        int centre = centre(w);
        int[] sums = new int[Lanes.padded(w.cols())];
        RowCodes[] rows = new RowCodes[codesPerWord];
        for (int s = 0; s < codesPerWord; s++) {
            rows[s] = new RowCodes(block.bits(), w.cols());
        }
        for (int i = 0; i < wordRows; i++) {
            int first = i * codesPerWord;
            int count = Math.min(codesPerWord, w.rows() - first);
            for (int s = 0; s < count; s++) {
                rows[s].load(w.data(0), (long) (first + s) * w.stride(0));
            }
            if (codesPerWord == 1) {
                storeFloats(rows[0], centre, i, sums);
            } else {
                storeWords(rows, count, centre, i, sums);
            }
        }
        QuantParams params = block.params();
        for (int j = 0; j < w.cols(); j++) {
            int at = w.scheme().scaleIndex(block, 0, j);
            float scale = params.scale().get(0, at);
            float base = Math.fma((float) centre, scale, params.offset().get(0, at));
            columns.set(SCALE, j, scale);
            columns.set(BASE, j, base);
            columns.set(SUM, j, Math.fma(scale, (float) sums[j], (float) w.rows() * base));
        }
    }

    static long bytes(PackedMatrix w, int codesPerWord) {
        return FloatMatrix.bytes(Math.ceilDiv(w.rows(), codesPerWord), w.cols()) + FloatMatrix.bytes(3, w.cols());
    }

    /** What codes are less, {@code 2^(q-1)}. */
    static int centre(PackedMatrix w) {
        return 1 << (w.scheme().blocks().get(0).bits().bits() - 1);
    }

    private void storeFloats(RowCodes row, int centre, int i, int[] sums) {
        for (int c = 0; c < words.cols(); c += Lanes.FLOATS) {
            IntVector v = row.get(c).sub(centre);
            IntVector.fromArray(Lanes.INT, sums, c).add(v).intoArray(sums, c);
            Lanes.floats(v).intoMemorySegment(words.data(), words.rowOffset(i) + 4L * c, Vectors.ORDER);
        }
    }

    private void storeWords(RowCodes[] rows, int count, int centre, int i, int[] sums) {
        int bits = Integer.SIZE / rows.length;
        for (int c = 0; c < words.cols(); c += Lanes.FLOATS) {
            IntVector sum = IntVector.fromArray(Lanes.INT, sums, c);
            IntVector word = IntVector.zero(Lanes.INT);
            for (int s = 0; s < count; s++) {
                IntVector v = rows[s].get(c).sub(centre);
                sum = sum.add(v);
                word = word.or(v.and((int) ((1L << bits) - 1)).lanewise(VectorOperators.LSHL, s * bits));
            }
            sum.intoArray(sums, c);
            word.intoMemorySegment(words.data(), words.rowOffset(i) + 4L * c, Vectors.ORDER);
        }
    }
}
