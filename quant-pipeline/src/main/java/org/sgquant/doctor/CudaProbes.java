package org.sgquant.doctor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sgquant.cuda.ByteCount;
import org.sgquant.cuda.CudaLibraries;
import org.sgquant.cuda.CudaLibrary;
import org.sgquant.cuda.CudaLibraryLocation;
import org.sgquant.cuda.CudaUnavailableException;
import org.sgquant.cuda.DeviceFacts;
import org.sgquant.cuda.DriverFacts;
import org.sgquant.cuda.JCudaProbe;
import org.sgquant.kernels.cuda.KernelImages;

/** The driver, its devices, JCuda, the libraries of CUDA, and our kernels. */
final class CudaProbes {

    static final String DRIVER = "driver";
    static final String DEVICES = "devices";
    static final String JCUDA = "jcuda";
    static final String KERNELS = "kernels";

    /** The fact of a section that tells what to do about it, where its name alone does not. */
    static final String REMEDY = "remedy";

    private static final String VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES";

    private final CudaMachine machine;

    CudaProbes(CudaMachine machine) {
        this.machine = machine;
    }

    Section driver() {
        Optional<DriverFacts> found = machine.driver();
        if (found.isEmpty()) {
            return Section.failed(DRIVER, machine.probe().reason(), Map.of());
        }
        DriverFacts driver = found.get();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("file", driver.file().toString());
        facts.put("cudaVersion", driver.cudaVersion());
        facts.put("release", driver.release().orElse(null));
        String summary = (driver.cudaVersion().isEmpty() ? "" : "CUDA " + driver.cudaVersion() + ", ")
                + driver.release().map(release -> "release " + release + ", ").orElse("")
                + driver.file();
        String reason = driver.works() ? "" : machine.probe().reason();
        if (driver.isStub()) {
            facts.put(REMEDY, "take " + driver.file().getParent() + " out of LD_LIBRARY_PATH");
        }
        return new Section(DRIVER, driver.works(), reason, summary, facts);
    }

    Section devices() {
        Map<String, Object> facts = new LinkedHashMap<>();
        String visible = System.getenv(VISIBLE_DEVICES);
        facts.put("visibleDevices", visible);
        facts.put("devices", List.of());
        if (!machine.probe().isAvailable()) {
            String reason = machine.driver().isEmpty()
                    ? "there is no driver to ask"
                    : machine.probe().reason() + (visible == null ? "" : "; " + VISIBLE_DEVICES + "=" + visible);
            return Section.failed(DEVICES, reason, facts);
        }
        facts.put(
                "devices",
                machine.devices().stream()
                        .map(device -> {
                            Map<String, Object> one = new LinkedHashMap<>();
                            one.put("ordinal", device.ordinal());
                            one.put("name", device.name());
                            one.put("computeCapability", device.computeCapability() / 10.0);
                            one.put("memoryTotalBytes", device.totalMemory());
                            one.put(
                                    "memoryFreeBytes",
                                    device.freeMemory().isPresent()
                                            ? device.freeMemory().getAsLong()
                                            : null);
                            one.put("remark", device.remark());
                            return one;
                        })
                        .toList());
        String summary = machine.devices().stream().map(CudaProbes::summary).collect(Collectors.joining("; "));
        String remarks = machine.devices().stream()
                .filter(device -> !device.remark().isEmpty())
                .map(device -> "device " + device.ordinal() + ": " + device.remark())
                .collect(Collectors.joining("; "));
        return new Section(DEVICES, true, remarks, summary, facts);
    }

    private static String summary(DeviceFacts device) {
        String total = ByteCount.format(device.totalMemory());
        return device.ordinal() + ": " + device.name() + ", sm_" + device.computeCapability() + ", "
                + (device.freeMemory().isPresent()
                        ? ByteCount.format(device.freeMemory().getAsLong()) + " free of " + total
                        : total);
    }

    Section jcuda() {
        JCudaProbe jcuda = machine.driver().isPresent() ? JCudaProbe.probe() : JCudaProbe.probeWithoutDriver();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("version", JCudaProbe.version());
        facts.put("origin", jcuda.origin().isEmpty() ? null : jcuda.origin());
        facts.put("tried", jcuda.library());
        String summary = "JCuda " + JCudaProbe.version()
                + (jcuda.isAvailable() ? ", " + jcuda.library() + " loads from " + jcuda.origin() : "");
        return new Section(JCUDA, jcuda.isAvailable(), jcuda.reason(), summary, facts);
    }

    static Section library(String name, CudaLibrary library) {
        CudaLibraryLocation location = CudaLibraries.locate(library);
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("found", location.found().isPresent());
        location.found().ifPresent(found -> {
            facts.put("origin", found.origin().title());
            facts.put("path", found.path());
            facts.put("version", found.version());
        });
        facts.put(
                "refused",
                location.refused().stream()
                        .map(place -> Map.of("place", place.place(), "reason", place.reason()))
                        .toList());
        if (location.found().isEmpty()) {
            return Section.failed(name, location.sentence(), facts);
        }
        try {
            CudaLibraries.load(library);
            return Section.ok(name, location.sentence(), facts);
        } catch (CudaUnavailableException e) {
            return Section.failed(name, e.getMessage(), facts);
        }
    }

    Section kernels() {
        KernelImages images = KernelImages.load();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("kernels", images.kernels());
        facts.put("architectures", images.architectures());
        facts.put("ptxTarget", images.ptxTarget());
        facts.put("ptxVersion", images.ptxVersion());
        String summary = images.kernels() + " kernels for sm_"
                + images.architectures().stream().map(String::valueOf).collect(Collectors.joining(" "))
                + ", PTX " + images.ptxVersion() + " from sm_" + images.ptxTarget();
        if (!machine.probe().isAvailable()) {
            facts.put("devices", List.of());
            return new Section(KERNELS, true, "not tried: there is no device", summary, facts);
        }
        int driver = machine.driver().orElseThrow().version();
        List<Map<String, Object>> devices = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        boolean anyWorks = false;
        boolean onlyHeldFail = true;
        String remedy = "";
        for (DeviceFacts device : machine.devices()) {
            KernelImages.Choice choice = images.choose(device.computeCapability(), driver);
            CudaMachine.Trial trial = machine.trials().get(device.ordinal());
            String reason = choice.usable() ? trial.reason() : choice.sentence();
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("ordinal", device.ordinal());
            one.put("image", choice.sentence());
            one.put("ok", reason.isEmpty());
            one.put("reason", reason);
            devices.add(one);
            anyWorks |= reason.isEmpty();
            if (!reason.isEmpty()) {
                reasons.add(machine.named(device.ordinal(), reason));
                // A device that another program holds says nothing of the kernels.
                onlyHeldFail &= choice.usable() && !device.remark().isEmpty();
                remedy = remedy.isEmpty() ? remedy(images, device, choice) : remedy;
            }
        }
        facts.put("devices", devices);
        if (!remedy.isEmpty()) {
            facts.put(REMEDY, remedy);
        }
        String chosen = devices.stream()
                .map(device -> device.get("image").toString())
                .distinct()
                .collect(Collectors.joining("; "));
        String reason = reasons.stream().distinct().collect(Collectors.joining("; "));
        return new Section(KERNELS, anyWorks && onlyHeldFail, reason, summary + "; " + chosen, facts);
    }

    private static String remedy(KernelImages images, DeviceFacts device, KernelImages.Choice choice) {
        if (device.computeCapability() < images.ptxTarget()) {
            return "take a GPU of compute capability 7.5 or later";
        }
        return choice.usable() && !device.remark().isEmpty()
                ? "end the program that holds device " + device.ordinal() + ", which nvidia-smi shows"
                : "install a newer NVIDIA driver";
    }
}
