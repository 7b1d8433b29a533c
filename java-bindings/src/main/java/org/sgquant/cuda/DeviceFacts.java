package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;

/**
 * A CUDA device, asked without JCuda.
 *
 * @param computeCapability 90 for sm_90
 * @param freeMemory bytes not used by anyone, empty where the device takes no context
 * @param remark why it takes none, empty where it does
 */
public record DeviceFacts(
        int ordinal, String name, int computeCapability, long totalMemory, OptionalLong freeMemory, String remark) {

    private static final int NAME_BYTES = 256;

    /** A step of taking a context, undone at the end. */
    private interface Undo extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * The facts of device {@code ordinal} of those that {@link CudaProbe} counts.
     *
     * @throws CudaUnavailableException naming the call that failed
     */
    public static DeviceFacts read(int ordinal) {
        DriverQueries driver = DriverQueries.open()
                .orElseThrow(() -> new CudaUnavailableException(DriverQueries.LIBRARY + " cannot be loaded"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(JAVA_INT);
            driver.call("cuDeviceGet", number, ordinal);
            int device = number.get(JAVA_INT, 0);
            MemorySegment name = arena.allocate(NAME_BYTES);
            driver.call("cuDeviceGetName", name, NAME_BYTES, device);
            int capability = 10
                            * attribute(driver, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device)
                    + attribute(driver, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
            MemorySegment total = arena.allocate(JAVA_LONG);
            driver.call("cuDeviceTotalMem_v2", total, device);
            OptionalLong free = OptionalLong.empty();
            String remark = "";
            try {
                free = OptionalLong.of(freeMemory(driver, device));
            } catch (CudaUnavailableException e) {
                remark = e.getMessage();
            }
            return new DeviceFacts(
                    ordinal, name.getString(0).strip(), capability, total.get(JAVA_LONG, 0), free, remark);
        }
    }

    /** Only a context knows what is free; another program may keep the device from giving one. */
    @SuppressWarnings("try") // What is undone is not used.
    private static long freeMemory(DriverQueries driver, int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment context = arena.allocate(ADDRESS);
            int status = driver.status("cuDevicePrimaryCtxRetain", context, device);
            if (status == CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE || status == CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
                throw new CudaUnavailableException(
                        "in exclusive use or full (end the program that holds it: nvidia-smi shows it)");
            }
            DriverQueries.require("cuDevicePrimaryCtxRetain", status);
            MemorySegment free = arena.allocate(JAVA_LONG);
            MemorySegment total = arena.allocate(JAVA_LONG);
            try (Undo release = () -> driver.call("cuDevicePrimaryCtxRelease_v2", device)) {
                driver.call("cuCtxPushCurrent_v2", context.get(ADDRESS, 0));
                try (Undo pop = () -> driver.call("cuCtxPopCurrent_v2", context)) {
                    driver.call("cuMemGetInfo_v2", free, total);
                }
            }
            return free.get(JAVA_LONG, 0);
        }
    }

    private static int attribute(DriverQueries driver, int attribute, int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            driver.call("cuDeviceGetAttribute", value, attribute, device);
            return value.get(JAVA_INT, 0);
        }
    }
}
