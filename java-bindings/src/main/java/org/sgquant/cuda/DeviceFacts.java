package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.driver.CUdevice_attribute;

/**
 * A CUDA device, asked without JCuda.
 *
 * @param computeCapability 90 for sm_90
 * @param freeMemory bytes not used by anyone
 */
public record DeviceFacts(int ordinal, String name, int computeCapability, long totalMemory, long freeMemory) {

    private static final int NAME_BYTES = 256;

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
            MemorySegment free = arena.allocate(JAVA_LONG);
            MemorySegment total = arena.allocate(JAVA_LONG);
            // Only a context knows what is free.
            MemorySegment context = arena.allocate(ADDRESS);
            driver.call("cuDevicePrimaryCtxRetain", context, device);
            try {
                driver.call("cuCtxPushCurrent_v2", context.get(ADDRESS, 0));
                driver.call("cuMemGetInfo_v2", free, total);
                driver.call("cuCtxPopCurrent_v2", context);
            } finally {
                driver.call("cuDevicePrimaryCtxRelease_v2", device);
            }
            return new DeviceFacts(
                    ordinal, name.getString(0).strip(), capability, total.get(JAVA_LONG, 0), free.get(JAVA_LONG, 0));
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
