package org.sgquant.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.HostPointer;

/** Loads machine code, and where that does not suit, the PTX it was made from. */
final class ModuleLoader {

    /** What the driver says of an image that a newer or other one could still use. */
    private static final Set<Integer> UNSUITABLE = Set.of(
            CUresult.CUDA_ERROR_INVALID_IMAGE,
            CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
            CUresult.CUDA_ERROR_INVALID_PTX,
            CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);

    private static final int LOG_BYTES = 8192;

    /** A loaded module, or the status and the log of the attempt. */
    private record Attempt(CUmodule module, int status, String log) {
        String failure() {
            return CudaException.name(status) + " (" + status + ")" + (log.isEmpty() ? "" : ": " + log);
        }
    }

    private ModuleLoader() {}

    /** @param device names the device in messages */
    static CUmodule load(String device, byte[] fatbin, byte[] ptx) {
        Attempt machineCode = driverVersion() < FatBinary.FIRST_DRIVER
                ? new Attempt(null, CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU, "for drivers of CUDA 13 and later")
                : load(fatbin);
        if (machineCode.status() == CUresult.CUDA_SUCCESS) {
            return machineCode.module();
        }
        if (!UNSUITABLE.contains(machineCode.status())) {
            throw new CudaException("cuModuleLoadDataEx", machineCode.status(), machineCode.log());
        }
        Attempt text = load(ptx);
        if (text.status() == CUresult.CUDA_SUCCESS) {
            return text.module();
        }
        throw new CudaUnavailableException("the kernels load neither as machine code nor as PTX on " + device
                + "; machine code: " + machineCode.failure() + "; PTX: " + text.failure());
    }

    private static int driverVersion() {
        int[] version = new int[1];
        CudaException.check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
        return version[0];
    }

    private static Attempt load(byte[] image) {
        try (Arena arena = Arena.ofConfined()) {
            // PTX is a C string.
            MemorySegment bytes = arena.allocate(image.length + 1L, ValueLayout.JAVA_LONG.byteSize());
            MemorySegment.copy(image, 0, bytes, ValueLayout.JAVA_BYTE, 0, image.length);
            MemorySegment log = arena.allocate(LOG_BYTES);
            MemorySegment values = arena.allocate(ValueLayout.JAVA_LONG, 2);
            values.setAtIndex(ValueLayout.JAVA_LONG, 0, log.address());
            values.setAtIndex(ValueLayout.JAVA_LONG, 1, LOG_BYTES);
            int[] options = {CUjit_option.CU_JIT_ERROR_LOG_BUFFER, CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
            CUmodule module = new CUmodule();
            int status = JCudaDriver.cuModuleLoadDataEx(
                    module, new HostPointer(bytes), options.length, options, new HostPointer(values));
            return new Attempt(module, status, log.getString(0).strip());
        }
    }
}
