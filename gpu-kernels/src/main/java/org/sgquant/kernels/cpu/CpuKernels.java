package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.sgquant.cuda.BundledLibrary;
import org.sgquant.kernels.DeviceUnavailableException;

/**
 * Who sums packed codes over neighbours and multiplies packed matrices on the CPU: Java's Vector API or C++ for one
 * instruction set, with the same bits.
 *
 * <p>C++ can fetch the rows of later edges into the cache while it adds those of the current one, and add the products
 * of bytes in one instruction, which Java has no way to ask for. It is there where a compiler was found when sgquant was built.
 */
public enum CpuKernels {
    JAVA("Java", 0),
    AVX2("C++ with AVX2", 1),
    AVX512("C++ with AVX-512", 2),
    VNNI("C++ with AVX-512 and VNNI", 3);

    /** Names the kernels to take: {@code auto}, {@code java}, {@code avx2}, {@code avx512} or {@code vnni}. */
    public static final String VARIABLE = "SGQUANT_CPU_KERNELS";

    private static final String AUTO = "auto";

    /** The function that multiplies. */
    static final String GEMM = "gemm";

    private final String description;
    private final Map<String, MethodHandle> functions = new ConcurrentHashMap<>();

    /** What {@code sgq_instruction_set} calls what they need. */
    private final int instructionSet;

    CpuKernels(String description, int instructionSet) {
        this.description = description;
        this.instructionSet = instructionSet;
    }

    public String description() {
        return description;
    }

    /** Who sums, and, where it is Java because nothing else can, why. */
    String account() {
        Optional<String> reason = this == JAVA ? AVX2.refusal() : Optional.empty();
        return "packed sums in " + description + reason.map(r -> " (" + r + ")").orElse("");
    }

    /**
     * What {@link #VARIABLE} asks for, the widest that there are where it is not set.
     *
     * @throws IllegalArgumentException where it names no kernels
     * @throws DeviceUnavailableException where it names kernels that cannot run here
     */
    public static CpuKernels chosen() {
        return named(Optional.ofNullable(System.getenv(VARIABLE)).orElse(AUTO));
    }

    /**
     * @throws IllegalArgumentException where {@code name} is no kernels' name
     * @throws DeviceUnavailableException where they are asked for by name and cannot run here
     */
    static CpuKernels named(String name) {
        if (name.equalsIgnoreCase(AUTO)) {
            return widest();
        }
        CpuKernels kernels = Arrays.stream(values())
                .filter(k -> k.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(VARIABLE + ": got '" + name + "', expected one of auto "
                        + Arrays.stream(values())
                                .map(k -> k.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(" "))));
        kernels.refusal().ifPresent(reason -> {
            throw new DeviceUnavailableException(VARIABLE + " asks for " + name + ": " + reason);
        });
        return kernels;
    }

    private static CpuKernels widest() {
        for (int k = values().length - 1; k > 0; k--) {
            if (values()[k].refusal().isEmpty()) {
                return values()[k];
            }
        }
        return JAVA;
    }

    /** Why these kernels cannot run here, empty where they can. */
    public Optional<String> refusal() {
        if (this == JAVA) {
            return Optional.empty();
        }
        if (Library.REFUSAL != null) {
            return Optional.of(Library.REFUSAL);
        }
        return Library.INSTRUCTION_SET >= instructionSet
                ? Optional.empty()
                : Optional.of("this processor has no instructions for " + description);
    }

    int vectorBits() {
        return this == AVX2 ? 256 : 512;
    }

    /** {@code sgq_FUNCTION} of these kernels, which can run here. */
    MethodHandle function(String function, FunctionDescriptor type) {
        return functions.computeIfAbsent(
                function,
                f -> Library.LOADED.function("sgq_" + f + "_" + set(f).name().toLowerCase(Locale.ROOT), type));
    }

    /** VNNI is AVX-512 but for products. */
    private CpuKernels set(String function) {
        return this == VNNI && !function.equals(GEMM) ? AVX512 : this;
    }

    /** Codes of the left factor that these kernels multiply in a lane of 32 bits. */
    int codesPerLane() {
        return this == VNNI ? 4 : 2;
    }

    /** Loaded when first asked for. */
    private static final class Library {

        private static final String FOLDER = "org/sgquant/kernels/cpu";
        private static final String FILE = "libsgquant-cpu.so";

        /** Why there is no library, null where there is. */
        static final String REFUSAL;

        /** Null where there is none. */
        static final BundledLibrary LOADED;

        /** The widest instruction set that this processor has. */
        static final int INSTRUCTION_SET;

        static {
            BundledLibrary library = null;
            String refusal = null;
            if (CpuKernels.class.getResource(FILE) == null) {
                refusal = "sgquant was built without g++ 12 or later";
            } else {
                try {
                    library = BundledLibrary.load(FOLDER, FILE);
                } catch (BundledLibrary.UnusableException e) {
                    refusal = e.getMessage();
                }
            }
            REFUSAL = refusal;
            LOADED = library;
            INSTRUCTION_SET = library == null ? 0 : instructionSet(library);
        }

        private static int instructionSet(BundledLibrary library) {
            try {
                return (int) library.function("sgq_instruction_set", FunctionDescriptor.of(JAVA_INT))
                        .invokeExact();
            } catch (Throwable e) {
                throw new AssertionError("sgq_instruction_set throws nothing", e);
            }
        }
    }
}
