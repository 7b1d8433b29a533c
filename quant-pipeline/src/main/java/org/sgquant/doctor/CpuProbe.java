package org.sgquant.doctor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.incubator.vector.FloatVector;
import org.sgquant.cuda.ByteCount;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.kernels.cpu.CpuKernels;

/** The processor and its memory, and the CPU kernels tried on it. */
final class CpuProbe {

    static final String NAME = "cpu";

    /** Instruction sets that the kernels gain by, as Linux names them. */
    private static final List<String> INSTRUCTION_SETS = List.of("avx2", "avx512f", "avx512bw", "avx512_vnni", "asimd");

    private CpuProbe() {}

    /**
     * @param cpuInfo the text of {@code /proc/cpuinfo}, empty where there is none
     * @param memory of this machine
     */
    static Section examine(String cpuInfo, MachineMemory memory) {
        int cores = Runtime.getRuntime().availableProcessors();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("model", model(cpuInfo));
        facts.put("architecture", System.getProperty("os.arch"));
        facts.put("cores", cores);
        facts.put("instructionSets", instructionSets(cpuInfo));
        facts.putAll(memory.facts());
        if (!JvmProbe.hasVectorModule()) {
            return Section.failed(NAME, "the CPU kernels need Java's module " + JvmProbe.VECTOR_MODULE, facts);
        }
        int bits = vectorBits();
        facts.put("vectorBits", bits);
        CpuKernels kernels;
        try {
            kernels = CpuKernels.chosen();
        } catch (IllegalArgumentException | DeviceUnavailableException e) {
            return Section.failed(NAME, e.getMessage(), facts);
        }
        facts.put("packedSums", kernels.description());
        facts.put("packedSumsRefused", refusals());
        String reason = trial(kernels);
        String summary = cores + (cores == 1 ? " core, " : " cores, ") + bits + "-bit vectors ("
                + String.join(" ", instructionSets(cpuInfo)) + "), packed sums in " + kernels.description()
                + ", memory "
                + ByteCount.format(memory.available()) + " free of " + ByteCount.format(memory.total())
                + memory.limit().stream()
                        .mapToObj(limit -> ", limited to " + ByteCount.format(limit))
                        .findFirst()
                        .orElse("");
        return new Section(NAME, reason.isEmpty(), reason, summary, facts);
    }

    private static int vectorBits() {
        return FloatVector.SPECIES_PREFERRED.vectorBitSize();
    }

    /** Why the kernels that cannot run here cannot. */
    private static Map<String, String> refusals() {
        Map<String, String> refusals = new LinkedHashMap<>();
        for (CpuKernels kernels : CpuKernels.values()) {
            kernels.refusal().ifPresent(reason -> refusals.put(kernels.description(), reason));
        }
        return refusals;
    }

    private static String trial(CpuKernels kernels) {
        try (Backend cpu = new CpuBackend(Runtime.getRuntime().availableProcessors(), kernels)) {
            return BackendTrial.packedProductIsExact(cpu)
                    ? ""
                    : "the CPU kernels compute another product than the reference";
        }
    }

    static List<String> instructionSets(String cpuInfo) {
        String flags = " " + line(cpuInfo, "flags") + line(cpuInfo, "Features") + " ";
        return INSTRUCTION_SETS.stream()
                .filter(set -> flags.contains(" " + set + " "))
                .toList();
    }

    static String model(String cpuInfo) {
        return line(cpuInfo, "model name");
    }

    /** The value of the first line of that name. */
    private static String line(String cpuInfo, String name) {
        return cpuInfo.lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("");
    }
}
