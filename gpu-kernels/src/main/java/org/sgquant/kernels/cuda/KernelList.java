package org.sgquant.kernels.cuda;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.sgquant.cuda.KernelResources;

/** The kernels of {@code kernels.list} with their compiled images, as they lie in the cuda jar. */
public final class KernelList {

    private static final String LIST = "kernels.list";

    private final Map<String, KernelDeclaration> kernels = new LinkedHashMap<>();

    private KernelList(String text) {
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            try {
                KernelDeclaration kernel = KernelDeclaration.parse(line);
                if (kernels.put(kernel.name(), kernel) != null) {
                    throw new IllegalArgumentException("kernel " + kernel.name() + " is listed twice");
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalStateException(LIST + ", line " + number + ": " + e.getMessage(), e);
            }
        }
    }

    /** The list of this version. */
    public static KernelList load() {
        return new KernelList(new String(KernelResources.read(LIST), StandardCharsets.UTF_8));
    }

    /** Parses the text of a list. */
    static KernelList of(String text) {
        return new KernelList(text);
    }

    /** Machine code for every GPU that the build names. */
    public static byte[] fatbin() {
        return KernelResources.read("sgquant.fatbin");
    }

    /** The same kernels as PTX, which a driver compiles for any GPU. */
    public static byte[] ptx() {
        return KernelResources.readCompressed("sgquant.ptx.gz");
    }

    public Collection<KernelDeclaration> all() {
        return kernels.values();
    }

    public KernelDeclaration get(String name) {
        KernelDeclaration kernel = kernels.get(name);
        if (kernel == null) {
            throw new IllegalArgumentException("kernel '" + name + "' is not in " + LIST);
        }
        return kernel;
    }
}
