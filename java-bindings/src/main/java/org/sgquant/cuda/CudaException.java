package org.sgquant.cuda;

import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A call of the CUDA driver or of a library of CUDA failed, as in
 * {@code cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY (2): requested 5.0 GiB, ...}.
 */
public final class CudaException extends RuntimeException {

    private final String call;
    private final int code;

    /** @param text what happened, or more about it, in words */
    CudaException(String call, int code, String text) {
        this(call, code, name(code), code, text);
    }

    private CudaException(String call, int status, String name, int code, String text) {
        super(call + ": " + name + " (" + status + "): " + text);
        this.call = call;
        this.code = code;
    }

    /** The failure of a library's call with the library's own {@code status}, whose name is {@code name}. */
    static CudaException ofLibrary(String call, int status, String name, String text) {
        return new CudaException(call, status, name, codeOf(name), text);
    }

    private static int codeOf(String name) {
        if (name.endsWith("_ALLOC_FAILED") || name.endsWith("_INSUFFICIENT_RESOURCES")) {
            return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
        }
        return name.endsWith("_NOT_SUPPORTED") ? CUresult.CUDA_ERROR_NOT_SUPPORTED : CUresult.CUDA_ERROR_UNKNOWN;
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

    /** The {@code CUresult}; of a library's call whether memory ran out, it is not supported, or another cause. */
    public int code() {
        return code;
    }

    public boolean isOutOfMemory() {
        return code == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }

    /** Whether this device, driver or version of a library does not do what was asked. */
    public boolean isNotSupported() {
        return code == CUresult.CUDA_ERROR_NOT_SUPPORTED;
    }
}
