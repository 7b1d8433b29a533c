package org.sgquant.train;

import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cuda.CudaBackend;

@OnDevice
class CudaLearnedStepsTest implements LearnedStepsContract {

    @Override
    public Backend open() {
        return CudaBackend.open(0);
    }
}
