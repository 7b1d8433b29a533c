package org.sgquant.doctor;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sgquant.cuda.CudaAvailability;
import org.sgquant.cuda.NativeAccess;

/** The Java virtual machine and how it was started. */
final class JvmProbe {

    static final String NAME = "jvm";
    static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** Flags that decide whether and how sgquant runs; others, such as a debugger's, do not matter here. */
    private static final Pattern RELEVANT = Pattern.compile(
            "-X.*|--add-modules.*|--enable-native-access.*|--illegal-native-access.*|-Djava\\.io\\.tmpdir.*"
                    + "|-Djava\\.library\\.path.*|-Dsgquant.*");

    private JvmProbe() {}

    static Section examine() {
        boolean vectors = hasVectorModule();
        boolean nativeAccess = JvmProbe.class.getModule().isNativeAccessEnabled();
        List<String> flags = flags();
        Optional<String> unsafe = CudaAvailability.refusal(Runtime.version());
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("version", Runtime.version().toString());
        facts.put("vendor", System.getProperty("java.vendor"));
        facts.put("home", System.getProperty("java.home"));
        facts.put("collector", collector());
        facts.put("flags", flags.stream().filter(RELEVANT.asMatchPredicate()).toList());
        facts.put("vectorModule", vectors);
        facts.put("nativeAccess", nativeAccess);
        facts.put("safeForCuda", unsafe.isEmpty());
        String summary = "Java " + Runtime.version() + " (" + System.getProperty("java.vendor") + "), " + collector()
                + (vectors ? ", vectors" : "") + (nativeAccess ? ", native access" : "");
        String reason = reason(vectors, nativeAccess, unsafe);
        boolean ok = vectors && unsafe.isEmpty() && mayCallNative();
        return new Section(NAME, ok, reason, summary, facts);
    }

    /** Whether the CPU backend can be used at all. */
    static boolean hasVectorModule() {
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }

    static boolean isSafeForCuda() {
        return CudaAvailability.refusal(Runtime.version()).isEmpty();
    }

    private static String reason(boolean vectors, boolean nativeAccess, Optional<String> unsafe) {
        if (!vectors) {
            return "started without --add-modules " + VECTOR_MODULE + ", which the CPU kernels need";
        }
        if (unsafe.isPresent()) {
            return unsafe.get() + ": CUDA is refused";
        }
        if (!nativeAccess) {
            return "started without --enable-native-access=ALL-UNNAMED"
                    + (mayCallNative() ? ", which Java warns of" : ", and native access is denied");
        }
        return "";
    }

    /** Whether Java lets this program call native code, with or without a warning. */
    static boolean mayCallNative() {
        return NativeAccess.denial().isEmpty();
    }

    private static List<String> flags() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments();
    }

    private static String collector() {
        // Such as "PS MarkSweep" and "PS Scavenge", "G1 Young Generation": the first word tells.
        String name = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName)
                .findFirst()
                .orElse("none");
        return switch (name.split(" ")[0]) {
            case "PS" -> "Parallel";
            case "Copy", "MarkSweepCompact" -> "Serial";
            case "none" -> "none";
            default -> name.split(" ")[0];
        };
    }
}
