package org.sgquant.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.sgquant.cuda.testing.LibraryTests;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;

/** GraphSAGE and GIN on a CUDA device give the bits of the CPU. */
@OnDevice
final class CudaSumModelsBitEqualityTest extends SumModelsBitEqualityTest {

    @Override
    List<Supplier<Backend>> backends() {
        List<Supplier<Backend>> backends = new ArrayList<>(List.of(() -> new CpuBackend(2), () -> CudaBackend.open(0)));
        if (LibraryTests.areThere()) {
            backends.add(CudaBitEqualityTest::coarsestLibraries);
        }
        return backends;
    }
}
