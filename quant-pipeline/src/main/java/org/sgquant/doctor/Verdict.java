package org.sgquant.doctor;

import java.util.List;
import java.util.stream.Stream;

/** What follows from the findings, and the one step that leads on. */
final class Verdict {

    /** What CUDA stands on, in the order in which to put it right. */
    private static final List<String> CUDA_CHAIN =
            List.of(JvmProbe.NAME, CudaProbes.DRIVER, CudaProbes.DEVICES, CudaProbes.JCUDA, CudaProbes.KERNELS);

    private Verdict() {}

    static Diagnosis of(List<Section> sections, List<BackendState> backends) {
        BackendState cpu = backend(backends, Doctor.CPU);
        BackendState cuda = backend(backends, Doctor.CUDA);
        if (cpu.ok() && cuda.ok()) {
            return cuda.reason().isEmpty()
                    ? new Diagnosis(sections, backends, "CPU and CUDA work", "sgquant run --device cuda")
                    : new Diagnosis(
                            sections,
                            backends,
                            "CPU and CUDA work, but not every device: " + cuda.reason(),
                            "sgquant run --device cuda:N with one of the others, see kernels");
        }
        if (cuda.ok()) {
            return new Diagnosis(
                    sections,
                    backends,
                    "CUDA works, the CPU does not: " + cpu.reason(),
                    remedy(sections, List.of(JvmProbe.NAME)));
        }
        if (cpu.ok()) {
            return new Diagnosis(
                    sections,
                    backends,
                    "the CPU works, CUDA does not: " + cuda.reason(),
                    "sgquant run computes on the CPU; for CUDA " + remedy(sections, CUDA_CHAIN));
        }
        return new Diagnosis(
                sections,
                backends,
                "nothing works: CPU: " + cpu.reason() + "; CUDA: " + cuda.reason(),
                remedy(
                        sections,
                        Stream.concat(Stream.of(JvmProbe.NAME), CUDA_CHAIN.stream())
                                .toList()));
    }

    /** What to do about the first of {@code names} that is not ok. */
    private static String remedy(List<Section> sections, List<String> names) {
        return names.stream()
                .filter(name -> !section(sections, name).ok())
                .findFirst()
                .map(name -> remedy(sections, name))
                .orElse("send the output of sgquant doctor --json with a report");
    }

    private static String remedy(List<Section> sections, String name) {
        Object stated = section(sections, name).facts().get(CudaProbes.REMEDY);
        return stated != null ? stated.toString() : usualRemedy(sections, name);
    }

    private static String usualRemedy(List<Section> sections, String name) {
        return switch (name) {
            case JvmProbe.NAME ->
                JvmProbe.hasVectorModule() && JvmProbe.isSafeForCuda()
                        ? "start Java with --enable-native-access=ALL-UNNAMED, as quant-pipeline/bin/sgquant does"
                        : JvmProbe.isSafeForCuda()
                                ? "start with quant-pipeline/bin/sgquant, or Java with --add-modules "
                                        + JvmProbe.VECTOR_MODULE
                                : "install JDK 25.0.3 or later and name it in SGQUANT_JAVA_HOME";
            case CudaProbes.DRIVER ->
                "install the NVIDIA driver, 525 or later, or start the container with the GPU"
                        + " (docker run --gpus all)";
            case CudaProbes.DEVICES ->
                "see what nvidia-smi lists, and whether CUDA_VISIBLE_DEVICES or the container" + " hides the GPU";
            case CudaProbes.JCUDA ->
                section(sections, DiskProbe.NAME).ok()
                        ? "build sgquant on x86-64 Linux with 'mvn package', which brings JCuda's libraries along"
                        : "name a folder that lets programs run: export JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIR";
            case CudaProbes.KERNELS -> "send the output of sgquant doctor --json with a report";
            default -> throw new IllegalArgumentException("no remedy for section " + name);
        };
    }

    static Section section(List<Section> sections, String name) {
        return sections.stream()
                .filter(section -> section.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static BackendState backend(List<BackendState> backends, String name) {
        return backends.stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst()
                .orElseThrow();
    }
}
