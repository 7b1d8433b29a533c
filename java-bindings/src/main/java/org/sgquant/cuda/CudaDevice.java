package org.sgquant.cuda;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.stream.Collectors;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;
import org.sgquant.cuda.Handles.Context;

/**
 * A CUDA device whose primary context is held until {@link #close}, and the maker of everything that lives on it.
 *
 * <p>Several threads may use one device, each with streams of its own; a resource serves one thread at a time.
 */
public final class CudaDevice implements AutoCloseable {

    /** The device whose context this class made current on a thread. */
    private static final ThreadLocal<CudaDevice> CURRENT = new ThreadLocal<>();

    private static final int NAME_BYTES = 256;

    private final int ordinal;
    private final CUdevice handle = new CUdevice();
    private final Context context = new Context();
    private final String name;
    private final int computeCapability;
    private final int multiprocessors;
    private final int maxSharedBytesPerBlock;
    private final long totalMemory;
    private final Allocations allocations = new Allocations();
    private final SequencedSet<DeviceResource> resources = new LinkedHashSet<>();
    private boolean open = true;

    /**
     * Opens device {@code ordinal}, counted from 0.
     *
     * @throws CudaUnavailableException if it cannot be used, naming the cause
     */
    public static CudaDevice open(int ordinal) {
        CudaAvailability.require(ordinal);
        try {
            return new CudaDevice(ordinal);
        } catch (CudaException e) {
            throw new CudaUnavailableException("CUDA device " + ordinal + " cannot be opened: " + e.getMessage(), e);
        }
    }

    private CudaDevice(int ordinal) {
        this.ordinal = ordinal;
        CudaException.check("cuInit", JCudaDriver.cuInit(0));
        CudaException.check("cuDeviceGet", JCudaDriver.cuDeviceGet(handle, ordinal));
        byte[] text = new byte[NAME_BYTES];
        CudaException.check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(text, NAME_BYTES, handle));
        name = new String(text, StandardCharsets.UTF_8).replaceAll("\0.*", "").strip();
        computeCapability = 10 * attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        multiprocessors = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        maxSharedBytesPerBlock = attribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
        long[] bytes = new long[1];
        CudaException.check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(bytes, handle));
        totalMemory = bytes[0];
        CudaException.check("cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, handle));
    }

    private int attribute(int attribute) {
        int[] value = new int[1];
        CudaException.check("cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, handle));
        return value[0];
    }

    public String name() {
        return name;
    }

    /** 10 times the major version plus the minor one: 90 for sm_90. */
    public int computeCapability() {
        return computeCapability;
    }

    public int multiprocessors() {
        return multiprocessors;
    }

    /** Bytes of device memory, used or not. */
    public long totalMemory() {
        return totalMemory;
    }

    /** Most dynamic shared memory that a kernel may ask for. */
    public int maxSharedBytesPerBlock() {
        return maxSharedBytesPerBlock;
    }

    public CudaStream newStream() {
        makeCurrent();
        return own(new CudaStream(this));
    }

    /** @param purpose names the memory in messages, such as {@code graph} */
    public DeviceMemory newMemory(String purpose) {
        requireOpen("CudaDevice.newMemory");
        return own(new DeviceMemory(this, purpose));
    }

    public PinnedMemory newPinnedMemory() {
        requireOpen("CudaDevice.newPinnedMemory");
        return own(new PinnedMemory(this));
    }

    /**
     * cuBLAS on {@code stream} of this device.
     *
     * @throws CudaUnavailableException if the library is not there, naming each place tried
     */
    public Cublas newCublas(CudaStream stream) {
        makeCurrent();
        return own(new Cublas(this, stream));
    }

    /**
     * cuSPARSE on {@code stream} of this device.
     *
     * @throws CudaUnavailableException if the library is not there, naming each place tried
     */
    public Cusparse newCusparse(CudaStream stream) {
        makeCurrent();
        return own(new Cusparse(this, stream));
    }

    public CudaEvent newEvent() {
        makeCurrent();
        return own(new CudaEvent(this));
    }

    /**
     * Loads kernels: the machine code in {@code fatbin}, made by CUDA 13, or where it does not suit device or driver,
     * {@code ptx}.
     *
     * @throws CudaUnavailableException if neither loads, with what the driver says about both
     */
    public CudaModule load(byte[] fatbin, byte[] ptx) {
        makeCurrent();
        return own(new CudaModule(this, ModuleLoader.load(label(), fatbin, ptx)));
    }

    /** Makes this device's context current on the calling thread; every call of this package does so itself. */
    public void makeCurrent() {
        requireOpen("CudaDevice.makeCurrent");
        if (CURRENT.get() != this) {
            CudaException.check("cuCtxSetCurrent", CudaDriver.setContext(context.address()));
            CURRENT.set(this);
        }
    }

    /**
     * Gives the context back.
     *
     * @throws IllegalStateException naming what was left open; it has been closed then, and so has the device
     */
    @Override
    public void close() {
        if (!open) {
            return;
        }
        makeCurrent();
        List<DeviceResource> left;
        synchronized (resources) {
            left = new ArrayList<>(resources.reversed());
        }
        IllegalStateException leak = left.isEmpty()
                ? null
                : new IllegalStateException("CudaDevice.close: left open on " + label() + ": "
                        + left.reversed().stream()
                                .map(DeviceResource::description)
                                .collect(Collectors.joining(", ")));
        for (DeviceResource resource : left) {
            try {
                resource.close();
            } catch (CudaException e) {
                leak.addSuppressed(e);
            }
        }
        open = false;
        CURRENT.remove();
        CudaException.check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(handle));
        if (leak != null) {
            throw leak;
        }
    }

    /** Short name for messages, as in {@code device 0 "NVIDIA H200" sm_90}. */
    String label() {
        return "device " + ordinal + " \"" + name + "\" sm_" + computeCapability;
    }

    Allocations allocations() {
        return allocations;
    }

    <T extends DeviceResource> T own(T resource) {
        synchronized (resources) {
            resources.add(resource);
        }
        return resource;
    }

    void release(DeviceResource resource) {
        makeCurrent();
        synchronized (resources) {
            resources.remove(resource);
        }
        resource.free();
    }

    /** Refuses what would break a capture of this thread. */
    void refuseWhileCapturing(String call) {
        if (!captures().isEmpty()) {
            throw new IllegalStateException(call + ": not possible while a stream is being captured");
        }
    }

    /** Gives up the captures of this thread, which freeing memory would break. */
    void dropCaptures(String reason) {
        captures().forEach(capture -> capture.drop(reason));
    }

    private List<StreamCapture> captures() {
        synchronized (resources) {
            return resources.stream()
                    .filter(CudaStream.class::isInstance)
                    .map(resource -> ((CudaStream) resource).capture())
                    .filter(capture -> capture.isBy(Thread.currentThread()))
                    .toList();
        }
    }

    /** As in {@code requested 5.0 GiB, free 1.2 GiB of 2.0 GiB; held: graph 0.6 GiB, plan 0.2 GiB}. */
    String memoryReport(long requested) {
        long[] free = new long[1];
        long[] total = new long[1];
        CudaException.check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
        return "requested " + ByteCount.format(requested) + ", free " + ByteCount.format(free[0]) + " of "
                + ByteCount.format(total[0]) + "; held: " + allocations.held();
    }

    private void requireOpen(String call) {
        if (!open) {
            throw new IllegalStateException(call + ": " + label() + " is closed");
        }
    }
}
