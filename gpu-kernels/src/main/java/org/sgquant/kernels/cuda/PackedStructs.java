package org.sgquant.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatFormat;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;
import org.sgquant.tensor.ShapeException;

/** Writes packed matrices, schemes and edge weights as the structs of {@code sgq/packed.cuh}. */
final class PackedStructs {

    /** SGQ_MAX_BLOCKS. */
    static final int MAX_BLOCKS = 16;

    private static final int BLOCK_BYTES = 4 * Long.BYTES + 6 * Integer.BYTES;
    private static final int PART_BYTES = 2 * Long.BYTES + 6 * Integer.BYTES;

    /** Bytes of SgqPacked. */
    static final int PACKED_BYTES = MAX_BLOCKS * BLOCK_BYTES + 4 * Integer.BYTES;

    /** Bytes of SgqWeights. */
    static final int WEIGHTS_BYTES = MAX_BLOCKS * PART_BYTES + 2 * Integer.BYTES;

    private PackedStructs() {}

    /** Writes {@code x} to the first {@link #PACKED_BYTES} of {@code target}, in host memory. */
    static void write(PackedMatrix x, MemorySegment target) {
        write(x.scheme(), x, null, target);
    }

    /** Writes a scheme without codes; {@code rowCodes}, {@link #rowCodeBytes} for every row, may be null. */
    static void write(QuantScheme scheme, MemorySegment rowCodes, MemorySegment target) {
        write(scheme, null, rowCodes, target);
    }

    private static void write(QuantScheme scheme, PackedMatrix x, MemorySegment rowCodes, MemorySegment target) {
        List<QuantScheme.Block> blocks = scheme.blocks();
        requireFits(blocks.size(), scheme.name() + ": degree buckets");
        target.asSlice(0, PACKED_BYTES).fill((byte) 0);
        for (int b = 0; b < blocks.size(); b++) {
            QuantScheme.Block block = blocks.get(b);
            long at = (long) b * BLOCK_BYTES;
            target.set(JAVA_LONG, at, x == null ? 0 : x.data(b).address());
            target.set(JAVA_LONG, at + 8, block.params().scale().data().address());
            target.set(JAVA_LONG, at + 16, block.params().offset().data().address());
            if (x != null && x.rowCodes(b).byteSize() > 0) {
                target.set(JAVA_LONG, at + 24, x.rowCodes(b).address());
            } else if (rowCodes != null) {
                target.set(JAVA_LONG, at + 24, rowCodes.address() + block.rowStart() * rowCodeBytes(scheme));
            }
            target.set(JAVA_INT, at + 32, block.rowStart());
            target.set(JAVA_INT, at + 36, block.rowEnd());
            target.set(JAVA_INT, at + 40, block.bits().bits());
            target.set(JAVA_INT, at + 44, PackedLayout.rowStride(block.bits(), scheme.cols()));
            target.set(
                    JAVA_INT,
                    at + 48,
                    block.bits().isFloat() ? code(block.bits().format()) : 0);
        }
        long tail = (long) MAX_BLOCKS * BLOCK_BYTES;
        target.set(JAVA_INT, tail, blocks.size());
        target.set(JAVA_INT, tail + 4, scheme.cols());
        target.set(JAVA_INT, tail + 8, code(scheme.granularity()));
        target.set(JAVA_INT, tail + 12, scheme.rounding() == Rounding.PAPER ? 1 : 0);
    }

    /** Writes {@code weights} to the first {@link #WEIGHTS_BYTES} of {@code target}, in host memory. */
    static void write(EdgeWeights weights, MemorySegment target) {
        List<EdgeWeights.Part> parts = weights.parts();
        requireFits(parts.size(), "edge weights: degree buckets");
        target.asSlice(0, WEIGHTS_BYTES).fill((byte) 0);
        for (int p = 0; p < parts.size(); p++) {
            EdgeWeights.Part part = parts.get(p);
            long at = (long) p * PART_BYTES;
            QuantScheme.Block block = part.codes().scheme().blocks().get(0);
            target.set(JAVA_LONG, at, part.codes().data(0).address());
            target.set(JAVA_LONG, at + 8, block.params().scale().data().address());
            target.set(JAVA_INT, at + 16, part.rowStart());
            target.set(JAVA_INT, at + 20, part.rowEnd());
            target.set(JAVA_INT, at + 24, part.edgeStart());
            target.set(JAVA_INT, at + 28, part.codes().cols());
            target.set(JAVA_INT, at + 32, part.bits().bits());
        }
        target.set(JAVA_INT, (long) MAX_BLOCKS * PART_BYTES, parts.size());
    }

    /** Bytes of codes that a row of any block of {@code scheme} has at most. */
    static long rowCodeBytes(QuantScheme scheme) {
        return scheme.blocks().stream()
                .mapToInt(b -> scheme.granularity().rowCodes(b.bits(), scheme.cols()))
                .max()
                .orElse(0);
    }

    /** The format of {@code SgqFloats}. */
    private static int code(FloatFormat format) {
        return format.topCode() << 8 | format.exponentBits() << 4 | format.mantissaBits();
    }

    /** SgqGranularity. */
    private static int code(Granularity granularity) {
        return switch (granularity) {
            case TENSOR -> 0;
            case BUCKET -> 1;
            case COLUMN -> 2;
            case ROW -> 3;
            case ROW_CODE -> 4;
        };
    }

    private static void requireFits(int blocks, String what) {
        if (blocks > MAX_BLOCKS) {
            throw new ShapeException(what + ": got " + blocks + ", the CUDA kernels take at most " + MAX_BLOCKS);
        }
    }
}
