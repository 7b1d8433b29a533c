package org.sgquant.kernels.cuda;

import org.sgquant.kernels.Backend;
import org.sgquant.kernels.PowerOps;
import org.sgquant.tensor.FloatMatrix;

/** Powers of two on a device with operands of the host. */
record HostPowers(Backend backend) implements PowerOps {

    @Override
    public void encodePowers(FloatMatrix x, FloatMatrix top, int bits, FloatMatrix out) {
        DeviceCall.run(
                backend,
                call -> backend.powers().encodePowers(call.matrix(x), call.matrix(top), bits, call.matrix(out)));
    }

    @Override
    public void decodePowers(FloatMatrix codes, FloatMatrix top, int bits, FloatMatrix out) {
        DeviceCall.run(
                backend,
                call -> backend.powers().decodePowers(call.matrix(codes), call.matrix(top), bits, call.matrix(out)));
    }

    @Override
    public void hold(FloatMatrix frozen, FloatMatrix out) {
        DeviceCall.run(backend, call -> backend.powers().hold(call.matrix(frozen), call.matrix(out)));
    }
}
