package org.sgquant.kernels;

import java.util.function.Consumer;
import org.sgquant.cuda.CudaAvailability;
import org.sgquant.cuda.CudaException;
import org.sgquant.cuda.CudaUnavailableException;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.kernels.reference.ReferenceBackend;

/** Chooses the {@link Backend} for {@code --device} and {@code --dense}. */
public final class Backends {

    private Backends() {}

    /**
     * The backend for {@code device}: {@code cpu}, {@code reference}, {@code cuda}, {@code cuda:N} or {@code auto}.
     *
     * <p>{@code auto} takes CUDA where it can be used, else the CPU, and tells {@code log} in one line what it chose and
     * why the other was refused; a device asked for by name is never replaced by another. {@code dense} is
     * {@link DenseLibrary#OWN} or the name of a {@link DenseLibrary}, which serves the CPU.
     *
     * @throws DeviceUnavailableException if the device or library asked for cannot be used
     */
    public static Backend select(String device, int threads, String dense, Consumer<String> log) {
        CudaAvailability.refusal(Runtime.version())
                .ifPresent(reason -> log.accept(
                        "warning: " + reason + "; the CPU path hands none to native code, CUDA will refuse this JDK"));
        if (!dense.equals(DenseLibrary.OWN)) {
            return cpuWith(DenseLibrary.find(dense), device, threads, log);
        }
        return switch (device) {
            case "cpu" -> new CpuBackend(threads);
            case "reference" -> new ReferenceBackend();
            case "auto" -> auto(threads, log);
            default -> cuda(device);
        };
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

    private static Backend cuda(String device) {
        if (!device.equals("cuda") && !device.matches("cuda:\\d{1,9}")) {
            throw new IllegalArgumentException(
                    "device '" + device + "' does not exist: choose auto, cpu, reference, cuda or cuda:N");
        }
        int ordinal = device.equals("cuda") ? 0 : Integer.parseInt(device.substring("cuda:".length()));
        try {
            return CudaBackend.open(ordinal);
        } catch (CudaUnavailableException | CudaException e) {
            throw new DeviceUnavailableException(
                    "CUDA unavailable: " + e.getMessage() + "; pass --device cpu to run on the CPU", e);
        }
    }
}
