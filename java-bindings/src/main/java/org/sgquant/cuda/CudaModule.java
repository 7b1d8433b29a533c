package org.sgquant.cuda;

import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.Function;

/** Kernels loaded onto a device. */
public final class CudaModule extends DeviceResource {

    private final CUmodule handle;

    CudaModule(CudaDevice device, CUmodule handle) {
        super(device, "module");
        this.handle = handle;
    }

    /** @throws IllegalArgumentException if the module has no kernel of this name */
    public CudaFunction function(String name) {
        use("CudaModule.function");
        Function function = new Function();
        int status = JCudaDriver.cuModuleGetFunction(function, handle, name);
        if (status == CUresult.CUDA_ERROR_NOT_FOUND) {
            throw new IllegalArgumentException(
                    "CudaModule.function: the module on " + device().label() + " has no kernel '" + name + "'");
        }
        CudaException.check("cuModuleGetFunction(" + name + ")", status);
        return new CudaFunction(this, name, function);
    }

    @Override
    void free() {
        device().dropCaptures("the " + description() + " was closed");
        CudaException.check("cuModuleUnload", JCudaDriver.cuModuleUnload(handle));
    }
}
