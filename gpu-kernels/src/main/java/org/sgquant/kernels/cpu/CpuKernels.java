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
 * Who sums packed codes over neighbours on the CPU: Java's Vector API or C++ for one instruction set, with the same bits.
 *
 * <p>C++ can fetch the rows of later edges into the cache while it adds those of the current one, which Java has no way
 * to ask for. It is there where a compiler was found when sgquant was built.
 */
public enum CpuKernels {
    JAVA("Java", 0),
    AVX2("C++ with AVX2", 256),
    AVX512("C++ with AVX-512", 512);

    /** Names the kernels to take: {@code auto}, {@code java}, {@code avx2} or {@code avx512}. */
    public static final String VARIABLE = "SGQUANT_CPU_KERNELS";

    private static final String AUTO = "auto";

    private final String description;
    private final int vectorBits;
    private final Map<String, MethodHandle> functions = new ConcurrentHashMap<>();

    CpuKernels(String description, int vectorBits) {
        this.description = description;
        this.vectorBits = vectorBits;
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
        return Library.VECTOR_BITS >= vectorBits
                ? Optional.empty()
                : Optional.of("this processor has no instructions for " + description);
    }

    int vectorBits() {
        return vectorBits;
    }

    /** {@code sgq_FUNCTION} of these kernels, which can run here. */
    MethodHandle function(String function, FunctionDescriptor type) {
        return functions.computeIfAbsent(
                function, f -> Library.LOADED.function("sgq_" + f + "_" + name().toLowerCase(Locale.ROOT), type));
    }

    /** Loaded when first asked for. */
    private static final class Library {

        private static final String FOLDER = "org/sgquant/kernels/cpu";
        private static final String FILE = "libsgquant-cpu.so";

        /** Why there is no library, null where there is. */
        static final String REFUSAL;

        /** Null where there is none. */
        static final BundledLibrary LOADED;

        static final int VECTOR_BITS;

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
            VECTOR_BITS = library == null ? 0 : vectorBits(library);
        }

        private static int vectorBits(BundledLibrary library) {
            try {
                return (int) library.function("sgq_vector_bits", FunctionDescriptor.of(JAVA_INT))
                        .invokeExact();
            } catch (Throwable e) {
                throw new AssertionError("sgq_vector_bits throws nothing", e);
            }
        }
    }
}
