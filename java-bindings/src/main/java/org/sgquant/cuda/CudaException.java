package org.sgquant.cuda;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** A call of the CUDA driver failed, as in {@code cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): requested 5.0 GiB, ...}. */
public final class CudaException extends RuntimeException {

    private final String call;
    private final int code;

    /** @param text what happened, or more about it, in words */
    CudaException(String call, int code, String text) {
        super(call + ": " + name(code) + " (" + code + "): " + text);
        this.call = call;
        this.code = code;
    }

    /** Does nothing for status 0; else throws what the driver says about {@code status}. */
    static void check(String call, int status) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaException(call, status, text(status));
        }
    }

    /** The driver's sentence about an error. */
    static String text(int status) {
        String[] text = new String[1];
        int unknown = JCudaDriver.cuGetErrorString(status, text);
        return unknown == CUresult.CUDA_SUCCESS && text[0] != null
                ? text[0].strip()
                : "the driver has no text for this error";
    }

    /** The driver's name of an error, such as {@code CUDA_ERROR_INVALID_VALUE}. */
    static String name(int status) {
        return CUresult.stringFor(status);
    }

    /** The failed call, such as {@code cuMemAlloc}. */
    public String call() {
        return call;
    }

    /** The {@code CUresult}. */
    public int code() {
        return code;
    }

    public boolean isOutOfMemory() {
        return code == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }
}
