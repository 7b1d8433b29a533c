package org.sgquant.kernels;

import java.util.function.Consumer;
import org.sgquant.cuda.CudaProbe;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.reference.ReferenceBackend;

/** Chooses the {@link Backend} for {@code --device}. */
public final class Backends {

    /** JDK 25 builds before this one may move pinned arrays under G1. */
    private static final int FIRST_SAFE_UPDATE = 3;

    private Backends() {}

    /**
     * The backend for {@code device}: {@code cpu}, {@code reference}, {@code cuda}, {@code cuda:N} or {@code auto}.
     *
     * <p>{@code auto} tells {@code log} in one line what it chose and why the others were refused; a device asked for
     * by name is never replaced by another.
     *
     * @throws DeviceUnavailableException if the device asked for cannot be used
     */
    public static Backend select(String device, int threads, Consumer<String> log) {
        Runtime.Version java = Runtime.version();
        if (java.feature() == 25 && java.interim() == 0 && java.update() < FIRST_SAFE_UPDATE) {
            log.accept(
                    "warning: JDK " + java + " can move arrays that native code holds (JDK-8377811, fixed in 25.0.3);"
                            + " the CPU path uses none, CUDA will refuse this JDK");
        }
        return switch (device) {
            case "cpu" -> new CpuBackend(threads);
            case "reference" -> new ReferenceBackend();
            case "auto" -> {
                Backend cpu = new CpuBackend(threads);
                log.accept("device: " + cpu.description() + "; CUDA refused: " + cudaRefusal());
                yield cpu;
            }
            default -> {
                if (device.equals("cuda") || device.matches("cuda:\\d+")) {
                    throw new DeviceUnavailableException(
                            "CUDA unavailable: " + cudaRefusal() + "; pass --device cpu to run on the CPU");
                }
                throw new IllegalArgumentException(
                        "device '" + device + "' does not exist: choose auto, cpu, reference, cuda or cuda:N");
            }
        };
    }

    private static String cudaRefusal() {
        CudaProbe probe = CudaProbe.probe();
        return probe.isAvailable() ? "this version has no CUDA kernels" : probe.reason();
    }
}
