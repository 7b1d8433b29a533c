package org.sgquant.kernels.cuda;

import org.sgquant.kernels.MultibitLevels;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.tensor.FloatMatrix;

/** {@link MultibitOps}, one launch each; a block of threads fits a column. */
record CudaMultibitOps(Launcher launcher) implements MultibitOps {

    @Override
    public void calibrate(FloatMatrix x, String tensor, FloatMatrix coordinates) {
        MultibitLevels.require(x, coordinates, "calibrate " + tensor);
        launcher.kernel("multibit_f32_column")
                .pointer(x)
                .int32(x.rows())
                .int32(x.cols())
                .int32(coordinates.rows())
                .int32(MultibitLevels.ROUNDS)
                .float64(MultibitLevels.LEAST_PIVOT)
                .pointer(coordinates)
                .pointer(launcher.errors().word())
                .int32(launcher.errors().nonFinite(tensor, x.cols()))
                .run(x.cols());
    }

    @Override
    public void encode(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out) {
        MultibitLevels.require(x, coordinates, out, "encode");
        run("encode_multibit_f32", x, coordinates, out);
    }

    @Override
    public void decode(FloatMatrix codes, FloatMatrix coordinates, FloatMatrix out) {
        MultibitLevels.require(codes, coordinates, out, "decode");
        run("decode_multibit_f32", codes, coordinates, out);
    }

    private void run(String name, FloatMatrix x, FloatMatrix coordinates, FloatMatrix out) {
        launcher.kernel(name)
                .pointer(x)
                .pointer(coordinates)
                .int32(coordinates.rows())
                .pointer(out)
                .int32(x.rows())
                .int32(x.cols())
                .run(launcher.blocks(name, Quads.ofRows(out)));
    }
}
