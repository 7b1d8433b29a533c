package org.sgquant.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.function.Supplier;
import org.sgquant.cuda.CudaLibrary;
import org.sgquant.data.Datasets;
import org.sgquant.io.MountTable;
import org.sgquant.kernels.DenseLibrary;

/**
 * Looks at everything that sgquant stands on and tries it out.
 *
 * <p>Every section is there whatever the others find: what goes wrong in one is its reason.
 */
public final class Doctor {

    /** Backends as {@code --require} names them. */
    public static final List<String> BACKENDS = List.of(Doctor.CPU, Doctor.CUDA, Nd4jProbe.NAME);

    static final String CPU = "cpu";
    static final String CUDA = "cuda";

    private final List<Section> sections = new ArrayList<>();

    private Doctor() {}

    /** Examines this machine; takes about a second. */
    public static Diagnosis examine() {
        return new Doctor().run();
    }

    /** Processor, memory and instruction sets of this machine; the CPU kernels are tried on it. */
    public static Section processor() {
        return guarded(
                CpuProbe.NAME,
                () -> CpuProbe.examine(systemText("/proc/cpuinfo"), MachineMemory.of(systemText("/proc/meminfo"))));
    }

    private Diagnosis run() {
        CudaMachine machine = new CudaMachine();
        CudaProbes cuda = new CudaProbes(machine);
        add(JvmProbe.NAME, JvmProbe::examine);
        sections.add(processor());
        add(CudaProbes.DRIVER, cuda::driver);
        add(CudaProbes.DEVICES, cuda::devices);
        add(CudaProbes.JCUDA, cuda::jcuda);
        add("cublas", () -> CudaProbes.library("cublas", CudaLibrary.CUBLAS));
        add("cusparse", () -> CudaProbes.library("cusparse", CudaLibrary.CUSPARSE));
        add(CudaProbes.KERNELS, cuda::kernels);
        add(Nd4jProbe.NAME, () -> Nd4jProbe.examine(DenseLibrary.all()));
        add(
                DiskProbe.NAME,
                () -> new DiskProbe(
                                Path.of(System.getProperty("java.io.tmpdir")),
                                Datasets.standard(null).folders(),
                                MountTable.ofThisMachine())
                        .examine());
        add(
                DataProbe.NAME,
                () -> DataProbe.examine(
                        Datasets.standard(null), System.getenv().getOrDefault(Datasets.FOLDER_VARIABLE, "")));
        List<BackendState> backends = List.of(cpu(), cuda(machine), nd4j());
        return Verdict.of(sections, backends);
    }

    private void add(String name, Supplier<Section> probe) {
        sections.add(guarded(name, probe));
    }

    /** A probe that fails is a finding, too. */
    static Section guarded(String name, Supplier<Section> probe) {
        try {
            return probe.get();
        } catch (RuntimeException | LinkageError | ServiceConfigurationError e) {
            return Section.failed(name, "this check failed: " + Failures.sentence(e), Map.of());
        }
    }

    private BackendState cpu() {
        Section cpu = Verdict.section(sections, CpuProbe.NAME);
        return new BackendState(CPU, cpu.ok(), cpu.reason());
    }

    /** CUDA works where a device computes what the reference does. */
    private static BackendState cuda(CudaMachine machine) {
        Section tried = guarded(CUDA, () -> {
            List<CudaMachine.Trial> trials = machine.trials();
            boolean any = trials.stream().anyMatch(CudaMachine.Trial::ok);
            String reason = trials.stream()
                    .filter(trial -> !trial.ok())
                    .map(trial -> machine.named(trial.ordinal(), trial.reason()))
                    .findFirst()
                    .orElse("");
            return new Section(CUDA, any, reason, "", Map.of());
        });
        return new BackendState(CUDA, tried.ok(), tried.reason());
    }

    /** What is absent from a build is no defect of the machine, but cannot be used either. */
    private BackendState nd4j() {
        Section nd4j = Verdict.section(sections, Nd4jProbe.NAME);
        return new BackendState(Nd4jProbe.NAME, nd4j.ok() && !nd4j.reason().equals(Nd4jProbe.ABSENT), nd4j.reason());
    }

    /** What the system calls its CPU; empty where it does not say. */
    public static String cpuModel() {
        return CpuProbe.model(systemText("/proc/cpuinfo"));
    }

    /** A file in which Linux describes the machine, empty elsewhere. */
    private static String systemText(String file) {
        Path path = Path.of(file);
        if (!Files.isReadable(path)) {
            return "";
        }
        try {
            return Files.readString(path);
        } catch (IOException e) {
            throw new UncheckedIOException(file + " cannot be read", e);
        }
    }
}
