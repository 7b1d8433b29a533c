package org.sgquant.kernels.cpu;

class CpuOneThreadTest extends CpuFloatOpsTestBase {

    CpuOneThreadTest() {
        super(1);
    }
}
