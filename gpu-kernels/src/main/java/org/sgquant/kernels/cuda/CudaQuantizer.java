package org.sgquant.kernels.cuda;

import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** Fake quantization in one launch over all blocks; packing and unpacking in one launch per block, by its width. */
final class CudaQuantizer {

    private final Launcher launcher;

    CudaQuantizer(Launcher launcher) {
        this.launcher = launcher;
    }

    void fakeQuantize(FloatMatrix x, QuantScheme scheme, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantize");
        PackedShapes.requireScheme(out, scheme, "fakeQuantize out");
        String name = "fake_quantize_f32";
        launcher.kernel(name).pointer(x).scheme(scheme).pointer(out).run(launcher.blocks(name, Quads.ofRows(x)));
    }

    void fakeQuantizeStochastic(FloatMatrix x, QuantScheme scheme, int stream, StepState state, FloatMatrix out) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeStochastic");
        PackedShapes.requireScheme(out, scheme, "fakeQuantizeStochastic out");
        String name = "fake_quantize_stochastic_f32";
        launcher.kernel(name)
                .pointer(x)
                .scheme(scheme)
                .pointer(state)
                .int32(stream)
                .pointer(out)
                .run(launcher.blocks(name, Quads.ofRows(x)));
    }

    void fakeQuantizeBackward(FloatMatrix x, QuantScheme scheme, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireScheme(x, scheme, "fakeQuantizeBackward");
        PackedShapes.requireScheme(gradY, scheme, "fakeQuantizeBackward gradY");
        PackedShapes.requireScheme(gradX, scheme, "fakeQuantizeBackward gradX");
        String name = "fake_quantize_backward_f32";
        launcher.kernel(name)
                .pointer(x)
                .scheme(scheme)
                .pointer(gradY)
                .pointer(gradX)
                .run(launcher.blocks(name, Quads.ofRows(x)));
    }

    void pack(FloatMatrix x, PackedMatrix out) {
        QuantScheme scheme = out.scheme();
        PackedShapes.requireScheme(x, scheme, "pack");
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
