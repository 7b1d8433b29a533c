package org.sgquant.experiment;

import java.util.List;
import java.util.function.Supplier;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.kernels.reference.ReferenceBackend;

/** From one model saved on the CPU, packed inference on a CUDA device gives the bits of the CPU. */
@OnDevice
final class CudaBitEqualityTest extends BitEqualityTest {

    @Override
    List<Supplier<Backend>> backends() {
        return List.of(ReferenceBackend::new, () -> new CpuBackend(2), () -> CudaBackend.open(0));
    }
}
