package org.sgquant.kernels.cpu;

class CpuThreeThreadsTest extends CpuFloatOpsTestBase {

    CpuThreeThreadsTest() {
        super(3);
    }
}
