package org.sgquant.perf.fbgemm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/**
 * Rows of codes, each followed by its scale and offset in float32, as embedding tables of recommenders have them; the
 * layout of {@code sgq_fused} in yardsticks.h. Codes past the last column are 0.
 */
final class FusedRows {

    private static final int SCALE_AND_OFFSET = 2 * Float.BYTES;

    private final int bits;
    private final int lanes;
    private final int codeBytes;
    private final int stride;
    private final MemorySegment data;

    /** Brings {@code x} of one block into the layout for {@code lanes} floats in a register, in {@code memory}. */
    FusedRows(HostMemory memory, PackedMatrix x, int lanes) {
        QuantScheme.Block block = x.scheme().blocks().getFirst();
        this.bits = block.bits().bits();
        this.lanes = lanes;
        codeBytes = Math.ceilDiv(x.cols(), 8 / bits * lanes) * lanes;
        stride = codeBytes + SCALE_AND_OFFSET;
        data = memory.allocate((long) x.rows() * stride);
        float scale = block.params().scale().get(0, 0);
        float offset = block.params().offset().get(0, 0);
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                put(r, c, x.code(r, c));
            }
            long end = (long) r * stride + codeBytes;
            data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, end, scale);
            data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, end + Float.BYTES, offset);
        }
    }

    private void put(int r, int c, int code) {
        int fields = 8 / bits;
        int group = c / (fields * lanes);
        int field = (c / lanes) % fields;
        long at = (long) r * stride + (long) group * lanes + c % lanes;
        data.set(ValueLayout.JAVA_BYTE, at, (byte) (data.get(ValueLayout.JAVA_BYTE, at) | (code << (field * bits))));
    }

    int bits() {
        return bits;
    }

    /** Bytes of a row's codes: its scale and its offset follow. */
    int codeBytes() {
        return codeBytes;
    }

    /** Bytes from row to row. */
    int stride() {
        return stride;
    }

    MemorySegment data() {
        return data;
    }
}
