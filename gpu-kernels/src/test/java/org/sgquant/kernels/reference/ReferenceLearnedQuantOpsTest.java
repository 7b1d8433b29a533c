package org.sgquant.kernels.reference;

import org.sgquant.kernels.LearnedQuantContract;
import org.sgquant.kernels.LearnedQuantOps;

class ReferenceLearnedQuantOpsTest implements LearnedQuantContract {

    @Override
    public LearnedQuantOps ops() {
        return new ReferenceLearnedQuantOps();
    }
}
