package org.sgquant.kernels.cuda;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.sgquant.kernels.RandomTensors;
import org.sgquant.kernels.cpu.CpuBackend;

/** A CUDA backend, a CPU backend to compare it with, and random operands. */
abstract class CudaAgainstCpu extends WithCudaBackend {

    static CpuBackend cpu;

    final RandomTensors random = new RandomTensors();

    @BeforeAll
    static void openCpu() {
        cpu = new CpuBackend(2);
    }

    @AfterAll
    static void closeCpu() {
        cpu.close();
    }

    @AfterEach
    void freeOperands() {
        random.close();
    }
}
