package org.sgquant.cuda;

/** No CUDA device, or a library of CUDA, can be used; the message says why in one sentence. */
public final class CudaUnavailableException extends RuntimeException {

    CudaUnavailableException(String reason) {
        super(reason);
    }

    CudaUnavailableException(String reason, Throwable cause) {
        super(reason, cause);
    }
}
