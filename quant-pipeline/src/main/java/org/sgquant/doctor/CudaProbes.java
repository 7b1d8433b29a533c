package org.sgquant.doctor;

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
import org.sgquant.cuda.DriverFacts;
import org.sgquant.cuda.JCudaProbe;
import org.sgquant.kernels.cuda.KernelImages;

/** The driver, its devices, JCuda, the libraries of CUDA, and our kernels. */
final class CudaProbes {

    static final String DRIVER = "driver";
    static final String DEVICES = "devices";
    static final String JCUDA = "jcuda";
    static final String KERNELS = "kernels";

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
                            one.put("memoryFreeBytes", device.freeMemory());
                            return one;
                        })
                        .toList());
        String summary = machine.devices().stream()
                .map(device -> device.ordinal() + ": " + device.name() + ", sm_" + device.computeCapability() + ", "
                        + ByteCount.format(device.freeMemory()) + " free of "
                        + ByteCount.format(device.totalMemory()))
                .collect(Collectors.joining("; "));
        return Section.ok(DEVICES, summary, facts);
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
        List<Map<String, Object>> devices = machine.devices().stream()
                .map(device -> {
                    KernelImages.Choice choice = images.choose(device.computeCapability(), driver);
                    CudaMachine.Trial trial = machine.trials().get(device.ordinal());
                    Map<String, Object> one = new LinkedHashMap<>();
                    one.put("ordinal", device.ordinal());
                    one.put("image", choice.sentence());
                    one.put("ok", trial.ok());
                    one.put("reason", choice.usable() ? trial.reason() : choice.sentence());
                    return one;
                })
                .toList();
        facts.put("devices", devices);
        String reason = devices.stream()
                .map(device -> device.get("reason").toString())
                .filter(text -> !text.isEmpty())
                .distinct()
                .collect(Collectors.joining("; "));
        String chosen = devices.stream()
                .map(device -> device.get("image").toString())
                .distinct()
                .collect(Collectors.joining("; "));
        return new Section(KERNELS, reason.isEmpty(), reason, summary + "; " + chosen, facts);
    }
}
