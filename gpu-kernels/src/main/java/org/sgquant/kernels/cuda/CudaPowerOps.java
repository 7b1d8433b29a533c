package org.sgquant.kernels.cuda;

import org.sgquant.kernels.FloatShapes;
import org.sgquant.kernels.PowerLevels;
import org.sgquant.kernels.PowerOps;
import org.sgquant.tensor.FloatMatrix;

/** {@link PowerOps}, one launch each. */
record CudaPowerOps(Launcher launcher) implements PowerOps {

    @Override
    public void encodePowers(FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out) {
        PowerLevels.require(x, top, bits, out, "encodePowers");
        run("encode_powers_f32", x, top, bits, out);
    }

    @Override
    public void decodePowers(FloatMatrix codes, FloatMatrix top, int bits, FloatMatrix out) {
        PowerLevels.require(codes, top, bits, out, "decodePowers");
        run("decode_powers_f32", codes, top, bits, out);
    }

    private void run(String name, FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out) {
        Launch launch =
                launcher.kernel(name).pointer(x).pointer(top).int32(bits).pointer(out);
        Quads.runAll(launcher, name, launch, out);
    }

    @Override
    public void hold(FloatMatrix frozen, FloatMatrix out) {
        FloatShapes.requireSame(frozen, out, "hold: out");
        String name = "hold_f32";
        Quads.runAll(launcher, name, launcher.kernel(name).pointer(frozen).pointer(out), out);
    }
}
