package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** Fake quantization in one launch over all blocks; packing and unpacking in one launch per block, by its width. */
final class CudaQuantizer {

    private static final String ROW_CODES = "row_codes_f32";

    /** Lanes of {@link #ROW_CODES} that read a row. */
    private static final int LANES_PER_ROW = 4;

    private final Launcher launcher;

    CudaQuantizer(Launcher launcher) {
        this.launcher = launcher;
    }

    void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantize");
        PackedShapes.requireScheme(out, scheme, "fakeQuantize out");
        MemorySegment codes = rowCodes(x, scheme);
        String name = "fake_quantize_f32";
        launcher.kernel(name).pointer(x).scheme(scheme, codes).pointer(out).run(launcher.blocks(name, Quads.ofRows(x)));
    }

    void fakeQuantizeStochastic(FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeStochastic");
        PackedShapes.requireScheme(out, scheme, "fakeQuantizeStochastic out");
        MemorySegment codes = rowCodes(x, scheme);
        String name = "fake_quantize_stochastic_f32";
        launcher.kernel(name)
                .pointer(x)
                .scheme(scheme, codes)
                .pointer(state)
                .int32(stream)
                .pointer(out)
                .run(launcher.blocks(name, Quads.ofRows(x)));
    }

    void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeBackward");
        PackedShapes.requireScheme(gradY, scheme, "fakeQuantizeBackward gradY");
        PackedShapes.requireScheme(gradX, scheme, "fakeQuantizeBackward gradX");
        MemorySegment codes = rowCodes(x, scheme);
        String name = "fake_quantize_backward_f32";
        launcher.kernel(name)
                .pointer(x)
                .scheme(scheme, codes)
                .pointer(gradY)
                .pointer(gradX)
                .run(launcher.blocks(name, Quads.ofRows(x)));
    }

    /** Codes of the rows of x in scratch memory, null where rows have none. */
    private MemorySegment rowCodes(FloatMatrix x, QuantScheme scheme) {
        if (!scheme.hasRowCodes()) {
            return null;
        }
        MemorySegment codes = launcher.scratch("row codes", Math.max(x.rows(), 1) * PackedStructs.rowCodeBytes(scheme));
        launcher.kernel(ROW_CODES).pointer(x).scheme(scheme, codes).run(rowCodeBlocks(x));
        return codes;
    }

    private long rowCodeBlocks(FloatMatrix x) {
        return launcher.blocks(ROW_CODES, Quads.threads(x.rows(), LANES_PER_ROW));
    }

    void pack(FloatMatrix x, PackedMatrix out) {
        QuantScheme scheme = out.scheme();
        PackedShapes.requireScheme(x, scheme, "pack");
        if (scheme.hasRowCodes()) {
            launcher.kernel(ROW_CODES).pointer(x).packed(out).run(rowCodeBlocks(x));
        }
        for (int b = 0; b < scheme.blocks().size(); b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            String name = "pack_rows_" + suffix(block.bits());
            Launch launch = launcher.kernel(name).pointer(x).packed(out).int32(b);
            int perRow = out.stride(b) / Float.BYTES;
            if (block.bits().isPacked()) {
                launch.pointer(launcher.errors().word())
                        .int32(launcher.errors().nonFinite(scheme.name(), scheme.cols()));
                perRow = Math.ceilDiv(scheme.cols(), columnsPerThread(block.bits()));
            }
            launch.run(launcher.blocks(name, Quads.threads(block.rows(), perRow)));
        }
    }

    void unpack(PackedMatrix x, FloatMatrix out) {
        QuantScheme scheme = x.scheme();
        PackedShapes.requireScheme(out, scheme, "unpack");
        for (int b = 0; b < scheme.blocks().size(); b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            String name = "unpack_rows_" + suffix(block.bits());
            int perRow =
                    block.bits().isPacked() ? Math.ceilDiv(scheme.cols(), Quads.FLOATS) : x.stride(b) / Float.BYTES;
            launcher.kernel(name)
                    .packed(x)
                    .int32(b)
                    .pointer(out)
                    .run(launcher.blocks(name, Quads.threads(block.rows(), perRow)));
        }
    }

    private static String suffix(BitWidth bits) {
        return bits.isPacked() ? "q" + bits.bits() : "f32";
    }

    /** Columns whose codes fill a word of the narrowest section: what a thread of {@code pack_rows} takes. */
    private static int columnsPerThread(BitWidth bits) {
        return Integer.SIZE / bits.sections().get(bits.sections().size() - 1);
    }
}
