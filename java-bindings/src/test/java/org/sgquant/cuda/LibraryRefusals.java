package org.sgquant.cuda;

/** Refusals of CUDA's libraries, those too that the stand-ins never give. */
public final class LibraryRefusals {

    private LibraryRefusals() {}

    /** What the status {@code name} of {@code call} is thrown as. */
    public static CudaException of(String call, int status, String name) {
        return CudaException.ofLibrary(call, status, name, "device 0");
    }
}
