package org.sgquant.kernels.cuda;

import org.sgquant.cuda.CudaException;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.OutOfDeviceMemoryException;

/** Calls of cuBLAS and cuSPARSE, with what the user can do something about told apart from defects of ours. */
final class LibraryCalls {

    private LibraryCalls() {}

    /**
     * Runs {@code call}.
     *
     * @throws OutOfDeviceMemoryException where the device has too little free
     * @throws DeviceUnavailableException where the library does not do this here, with the way out
     * @throws CudaException at any other refusal: we asked for something wrong
     */
    static void run(Runnable call) {
        try {
            call.run();
        } catch (CudaException e) {
            if (e.isOutOfMemory()) {
                throw new OutOfDeviceMemoryException(e.getMessage(), e);
            }
            if (e.isNotSupported()) {
                throw new DeviceUnavailableException(
                        e.getMessage() + "; pass --dense own --sparse own to do without", e);
            }
            throw e;
        }
    }
}
