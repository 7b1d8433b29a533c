package org.sgquant.cuda;

import java.util.concurrent.atomic.LongAdder;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.Function;

/** A kernel of a {@link CudaModule}. */
public final class CudaFunction {

    /** Shared memory, static and dynamic, that a kernel may use without asking for more. */
    private static final int DEFAULT_SHARED_BYTES = 48 * 1024;

    private final CudaModule module;
    private final String name;
    private final Function handle;
    private final long address;
    private final LongAdder launches;
    private final int staticSharedBytes;
    /** Most dynamic shared memory that a launch may have as things are. */
    private int sharedLimit;

    CudaFunction(CudaModule module, String name, Function handle) {
        this.module = module;
        this.name = name;
        this.handle = handle;
        this.address = handle.address();
        this.launches = CudaCounters.launchesOf(name);
        int[] bytes = new int[1];
        CudaException.check(
                "cuFuncGetAttribute(" + name + ")",
                JCudaDriver.cuFuncGetAttribute(
                        bytes, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, handle));
        staticSharedBytes = bytes[0];
        sharedLimit = DEFAULT_SHARED_BYTES - staticSharedBytes;
    }

    public String name() {
        return name;
    }

    /**
     * Enqueues the kernel, or records it where the stream is being captured; allocates nothing.
     *
     * @param block threads per block
     * @param sharedBytes dynamic shared memory per block; with the kernel's static one up to
     *     {@link CudaDevice#maxSharedBytesPerBlock}
     * @throws CudaException if the driver refuses the launch; what the kernel does wrong itself is told by the next
     *     call that waits for the stream
     */
    public void launch(
            CudaStream stream, int gridX, int gridY, int gridZ, int block, int sharedBytes, KernelArguments arguments) {
        module.use("CudaFunction.launch");
        long queue = stream.queueFor(module.device(), "CudaFunction.launch");
        if (sharedBytes > sharedLimit) {
            raiseSharedLimit(sharedBytes);
        }
        int status =
                CudaDriver.launchKernel(address, gridX, gridY, gridZ, block, sharedBytes, queue, arguments.address());
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudaException(
                    "cuLaunchKernel(" + name + ")",
                    status,
                    CudaException.text(status) + "; grid=(" + gridX + "," + gridY + "," + gridZ + ") block=" + block
                            + " shared=" + sharedBytes + " B, "
                            + module.device().label() + stream.context());
        }
        launches.increment();
        stream.launched(name);
    }

    private void raiseSharedLimit(int sharedBytes) {
        int most = module.device().maxSharedBytesPerBlock() - staticSharedBytes;
        if (sharedBytes > most) {
            throw new IllegalArgumentException("CudaFunction.launch(" + name + "): shared bytes must be <= " + most
                    + " on " + module.device().label() + ", got " + sharedBytes);
        }
        CudaException.check(
                "cuFuncSetAttribute(" + name + ")",
                JCudaDriver.cuFuncSetAttribute(
                        handle, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, sharedBytes));
        sharedLimit = sharedBytes;
    }
}
