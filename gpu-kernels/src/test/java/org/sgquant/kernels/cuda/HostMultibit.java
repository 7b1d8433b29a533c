package org.sgquant.kernels.cuda;

import org.sgquant.kernels.Backend;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.tensor.FloatMatrix;

/** Sums of signs on a device with operands of the host. */
record HostMultibit(Backend backend) implements MultibitOps {

    @Override
    public void calibrate(FloatMatrix x, String tensor, FloatMatrix coordinates) {
        DeviceCall.run(backend, call -> backend.multibit().calibrate(call.matrix(x), tensor, call.matrix(coordinates)));
    }

    @Override
    public void encode(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out) {
        DeviceCall.run(
                backend, call -> backend.multibit().encode(call.matrix(x), call.matrix(coordinates), call.matrix(out)));
    }

    @Override
    public void decode(FloatMatrix codes, FloatMatrix coordinates, FloatMatrix out) {
        DeviceCall.run(
                backend,
                call -> backend.multibit().decode(call.matrix(codes), call.matrix(coordinates), call.matrix(out)));
    }
}
