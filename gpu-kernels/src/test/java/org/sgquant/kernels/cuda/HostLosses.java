package org.sgquant.kernels.cuda;

import org.sgquant.kernels.Backend;
import org.sgquant.kernels.LossOps;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;

/** Losses on a device with operands of the host. */
record HostLosses(Backend backend) implements LossOps {

    @Override
    public void correctedCrossEntropy(
            FloatMatrix logits,
            IntArray labels,
            IntArray nodes,
            Correction correction,
            FloatMatrix matrix,
            FloatMatrix grad,
            FloatMatrix metrics) {
        DeviceCall.run(
                backend,
                call -> backend.losses()
                        .correctedCrossEntropy(
                                call.matrix(logits),
                                call.ints(labels),
                                call.ints(nodes),
                                correction,
                                call.matrix(matrix),
                                call.matrix(grad),
                                call.matrix(metrics)));
    }

    @Override
    public void distill(
            FloatMatrix logits,
            FloatMatrix teacher,
            float temperature,
            float weight,
            FloatMatrix labelGrad,
            FloatMatrix grad,
            FloatMatrix metrics) {
        DeviceCall.run(
                backend,
                call -> backend.losses()
                        .distill(
                                call.matrix(logits),
                                call.matrix(teacher),
                                temperature,
                                weight,
                                call.matrix(labelGrad),
                                call.matrix(grad),
                                call.matrix(metrics)));
    }
}
