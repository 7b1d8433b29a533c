package org.sgquant.nd4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.CudaException;
import org.sgquant.cuda.CudaProbe;
import org.sgquant.cuda.CudaUnavailableException;
import org.sgquant.kernels.DeviceUnavailableException;

/**
 * Whether nd4j-cuda-11.6 has code for the devices here, asked of the driver and not of ND4J.
 *
 * <p>Its library holds machine code for compute capability 3.7, 5.0, 5.2, 6.0, 6.1, 7.0, 7.5, 8.0 and 8.6 and no PTX that
 * a driver could compile: newer devices pass its own check and fail at the first kernel.
 */
final class CudaSuitability {

    private static final int LEAST = 37;
    private static final int MOST = 89;

    private static final String WAY_OUT =
            "; choose --dense own, or nd4j on the CPU (build with mvn -Pnd4j instead of -Pnd4j-cuda)";

    /** A device as the driver describes it; capability is 10 times the major version plus the minor one. */
    record Device(String name, int capability) {}

    private CudaSuitability() {}

    /** @throws DeviceUnavailableException if there is no device, or one that ND4J has no code for */
    static void require() {
        CudaProbe probe = CudaProbe.probe();
        List<Device> devices = new ArrayList<>();
        try {
            for (int d = 0; d < probe.deviceCount(); d++) {
                try (CudaDevice device = CudaDevice.open(d)) {
                    devices.add(new Device(device.name(), device.computeCapability()));
                }
            }
        } catch (CudaUnavailableException | CudaException e) {
            throw new DeviceUnavailableException("nd4j-cuda cannot be used: " + e.getMessage() + WAY_OUT, e);
        }
        refusal(probe.reason(), devices).ifPresent(reason -> {
            throw new DeviceUnavailableException("nd4j-cuda cannot be used: " + reason + WAY_OUT);
        });
    }

    /** Why ND4J must not be touched, empty where it may; {@code absent} is why there is no device. */
    static Optional<String> refusal(String absent, List<Device> devices) {
        if (devices.isEmpty()) {
            return Optional.of(absent);
        }
        // ND4J sets up every device it sees.
        for (int d = 0; d < devices.size(); d++) {
            int capability = devices.get(d).capability();
            if (capability < LEAST || capability > MOST) {
                return Optional.of("device " + d + " \"" + devices.get(d).name() + "\" is sm_" + capability
                        + ", for which ND4J built with CUDA 11.6 has no code (sm_" + LEAST + " to sm_" + MOST + ")");
            }
        }
        return Optional.empty();
    }
}
