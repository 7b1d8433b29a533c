package org.sgquant.kernels;

import java.util.function.Consumer;
import org.sgquant.cuda.CudaAvailability;
import org.sgquant.cuda.CudaException;
import org.sgquant.cuda.CudaUnavailableException;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.kernels.reference.ReferenceBackend;

/** Chooses the {@link Backend} for {@code --device}, {@code --dense} and {@code --sparse}. */
public final class Backends {

    private Backends() {}

    /**
     * The backend for {@code device}: {@code cpu}, {@code reference}, {@code cuda}, {@code cuda:N} or {@code auto}.
     *
     * <p>{@code auto} takes CUDA where it can be used, else the CPU, and tells {@code log} in one line what it chose and
     * why the other was refused; a device asked for by name is never replaced by another, nor is a library.
     *
     * @throws DeviceUnavailableException if the device or library asked for cannot be used
     * @throws IllegalArgumentException if they do not go together
     */
    public static Backend select(String device, int threads, TrainingLibraries libraries, Consumer<String> log) {
        CudaAvailability.refusal(Runtime.version())
                .ifPresent(reason -> log.accept(
                        "warning: " + reason + "; the CPU path hands none to native code, CUDA will refuse this JDK"));
        if (libraries.needCuda()) {
            return cudaWith(libraries, device, log);
        }
        if (!libraries.dense().equals(DenseLibrary.OWN)) {
            return cpuWith(DenseLibrary.find(libraries.dense()), device, threads, log);
        }
        return switch (device) {
            case "cpu" -> new CpuBackend(threads);
            case "reference" -> new ReferenceBackend();
            case "auto" -> auto(threads, log);
            default -> cuda(device, TrainingLibraries.NONE);
        };
    }

    private static Backend cudaWith(TrainingLibraries libraries, String device, Consumer<String> log) {
        if (device.equals("cpu") || device.equals("reference")) {
            throw new IllegalArgumentException(
                    libraries.describe() + " works on a CUDA device: choose device cuda with it, got " + device);
        }
        Backend cuda = cuda(device.equals("auto") ? "cuda" : device, libraries);
        if (device.equals("auto")) {
            log.accept("device: " + cuda.description());
        }
        return cuda;
    }

    private static Backend cpuWith(DenseLibrary library, String device, int threads, Consumer<String> log) {
        if (!device.equals("cpu") && !device.equals("auto")) {
            throw new IllegalArgumentException("dense algebra '" + library.name() + "' works on the memory of the CPU: "
                    + "choose device cpu with it, got " + device);
        }
        Backend cpu = new CpuBackend(threads, library);
        if (device.equals("auto")) {
            log.accept("device: " + cpu.description() + "; CUDA was not asked: " + library.name()
                    + " works on the memory of the CPU");
        }
        return cpu;
    }

    private static Backend auto(int threads, Consumer<String> log) {
        try {
            Backend cuda = CudaBackend.open(0);
            log.accept("device: " + cuda.description());
            return cuda;
        } catch (CudaUnavailableException | CudaException e) {
            Backend cpu = new CpuBackend(threads);
            log.accept("device: " + cpu.description() + "; CUDA refused: " + e.getMessage());
            return cpu;
        }
    }

    private static Backend cuda(String device, TrainingLibraries libraries) {
        if (!device.equals("cuda") && !device.matches("cuda:\\d{1,9}")) {
            throw new IllegalArgumentException(
                    "device '" + device + "' does not exist: choose auto, cpu, reference, cuda or cuda:N");
        }
        int ordinal = device.equals("cuda") ? 0 : Integer.parseInt(device.substring("cuda:".length()));
        try {
            return CudaBackend.open(ordinal, libraries);
        } catch (CudaUnavailableException | CudaException e) {
            String wayOut = libraries.needCuda()
                    ? "pass --dense own --sparse own to do without " + libraries.describe()
                    : "pass --device cpu to run on the CPU";
            throw new DeviceUnavailableException("CUDA unavailable: " + e.getMessage() + "; " + wayOut, e);
        }
    }
}
