package org.sgquant.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sgquant.cuda.CudaException;
import org.sgquant.cuda.CudaProbe;
import org.sgquant.cuda.CudaUnavailableException;
import org.sgquant.cuda.DeviceFacts;
import org.sgquant.cuda.DriverFacts;
import org.sgquant.kernels.cuda.CudaBackend;

/** What several sections say of the CUDA side of this machine, each asked once. */
final class CudaMachine {

    /** How the kernels did on a device; {@code reason} is empty where they work. */
    record Trial(int ordinal, String reason) {
        boolean ok() {
            return reason.isEmpty();
        }
    }

    private CudaProbe probe;
    private Optional<DriverFacts> driver;
    private List<DeviceFacts> devices;
    private List<Trial> trials;

    CudaProbe probe() {
        if (probe == null) {
            probe = CudaProbe.probe();
        }
        return probe;
    }

    /** Empty where there is none; {@link #probe} says why. */
    Optional<DriverFacts> driver() {
        if (driver == null) {
            driver = DriverFacts.read();
        }
        return driver;
    }

    List<DeviceFacts> devices() {
        if (devices == null) {
            List<DeviceFacts> all = new ArrayList<>();
            for (int ordinal = 0; ordinal < probe().deviceCount(); ordinal++) {
                all.add(DeviceFacts.read(ordinal));
            }
            devices = all;
        }
        return devices;
    }

    /** The kernels tried on every device; where there is none, the refusal of the first. */
    List<Trial> trials() {
        if (trials == null) {
            List<Trial> all = new ArrayList<>();
            for (int ordinal = 0; ordinal < Math.max(1, probe().deviceCount()); ordinal++) {
                String reason = trial(ordinal);
                // A device that another program holds says so in one way only.
                String remark = probe().isAvailable() ? devices().get(ordinal).remark() : "";
                all.add(new Trial(ordinal, reason.isEmpty() || remark.isEmpty() ? reason : remark));
            }
            trials = all;
        }
        return trials;
    }

    /** {@code reason}, with the device where there are several. */
    String named(int ordinal, String reason) {
        return probe().deviceCount() > 1 ? "device " + ordinal + ": " + reason : reason;
    }

    private static String trial(int ordinal) {
        try (CudaBackend backend = CudaBackend.open(ordinal)) {
            return BackendTrial.packedProductIsExact(backend)
                    ? ""
                    : "the kernels compute another product than the reference on device " + ordinal;
        } catch (CudaUnavailableException | CudaException e) {
            // One sentence already; the causes are for developers.
            return e.getMessage();
        }
    }
}
