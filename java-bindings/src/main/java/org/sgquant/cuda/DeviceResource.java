package org.sgquant.cuda;

/** Something of a device that is open until it is closed, once; closing it again does nothing. */
abstract sealed class DeviceResource implements AutoCloseable
        permits Cublas,
                Cusparse,
                CudaEvent,
                CudaGraph,
                CudaModule,
                CudaStream,
                CusparsePlan,
                DeviceMemory,
                PinnedMemory {

    private final CudaDevice device;
    private final String description;
    private boolean open = true;

    /** @param description names the resource in messages, as in {@code memory 'graph'} */
    DeviceResource(CudaDevice device, String description) {
        this.device = device;
        this.description = description;
    }

    final CudaDevice device() {
        return device;
    }

    final String description() {
        return description;
    }

    /** Makes the device current for {@code call}. */
    final void use(String call) {
        requireOpen(call);
        device.makeCurrent();
    }

    final void requireOpen(String call) {
        if (!open) {
            throw new IllegalStateException(call + ": the " + description + " is closed");
        }
    }

    @Override
    public final void close() {
        if (open) {
            open = false;
            device.release(this);
        }
    }

    /** Gives everything back to the driver, of which the device is current. */
    abstract void free();
}
