package org.sgquant.train;

import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;

class LearnedStepsTest implements LearnedStepsContract {

    @Override
    public Backend open() {
        return new CpuBackend(2);
    }
}
