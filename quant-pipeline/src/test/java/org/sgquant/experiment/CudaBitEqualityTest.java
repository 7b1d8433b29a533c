package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.sgquant.cuda.testing.LibraryTests;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.kernels.reference.ReferenceBackend;

/** From one model saved on the CPU, packed inference on a CUDA device gives the bits of the CPU. */
@OnDevice
final class CudaBitEqualityTest extends BitEqualityTest {

    @Override
    List<Supplier<Backend>> backends() {
        List<Supplier<Backend>> backends =
                new ArrayList<>(List.of(ReferenceBackend::new, () -> new CpuBackend(2), () -> CudaBackend.open(0)));
        if (LibraryTests.areThere()) {
            backends.add(CudaBitEqualityTest::coarsestLibraries);
        }
        return backends;
    }

    /** Shows at once where packed inference would use what is training's. */
    static Backend coarsestLibraries() {
        return CudaBackend.open(0, new TrainingLibraries("cublas-bf16", "cusparse-fp16"));
    }
}
