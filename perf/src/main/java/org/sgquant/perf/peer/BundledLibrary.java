package org.sgquant.perf.peer;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.sgquant.cuda.DynamicLoader;
import org.sgquant.cuda.PrivateFolder;
import org.sgquant.kernels.DeviceUnavailableException;

/** A native library out of a jar on the class path, and its functions. It stays open as long as the JVM runs. */
public final class BundledLibrary {

    private static final String PLATFORM = "Linux on amd64";

    private final String name;
    private final List<DynamicLoader.Library> opened;

    private BundledLibrary(String name, List<DynamicLoader.Library> opened) {
        this.name = name;
        this.opened = opened;
    }

    /**
     * Unpacks {@code files} of {@code folder} on the class path beside each other, opens the last {@code open} of them in
     * order and hands them to {@code firstUse}, which must make the library load all that it will ever need: the files
     * are deleted afterwards, and stay mapped.
     *
     * @param folder of the resources, as in {@code org/bytedeco/mkl/linux-x86_64}
     * @param open how many files are opened here; the library itself opens the others
     * @throws DeviceUnavailableException with the reason in one sentence where the library cannot be loaded
     */
    public static BundledLibrary load(String folder, List<String> files, int open, Consumer<BundledLibrary> firstUse) {
        String name = files.getLast();
        String platform = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
        if (!platform.equals(PLATFORM)) {
            throw new DeviceUnavailableException(name + " is of " + PLATFORM + ", this is " + platform);
        }
        try (PrivateFolder unpacked = PrivateFolder.create()) {
            for (String file : files) {
                unpack(folder + "/" + file, unpacked.path().resolve(file));
            }
            List<DynamicLoader.Library> opened = new ArrayList<>();
            for (String file : files.subList(files.size() - open, files.size())) {
                opened.add(DynamicLoader.open(unpacked.path().resolve(file).toString()));
            }
            BundledLibrary loaded = new BundledLibrary(name, opened.reversed());
            firstUse.accept(loaded);
            return loaded;
        } catch (DynamicLoader.RefusedException e) {
            throw new DeviceUnavailableException(name + " cannot be loaded: " + e.getMessage(), e);
        }
    }

    private static void unpack(String resource, Path file) {
        try (InputStream in = BundledLibrary.class.getResourceAsStream("/" + resource)) {
            if (in == null) {
                throw new DeviceUnavailableException(resource + " is not on the class path");
            }
            Files.copy(in, file);
        } catch (IOException e) {
            throw new UncheckedIOException(resource + " cannot be unpacked to " + file + ": " + e.getMessage(), e);
        }
    }

    /** The function {@code function} of type {@code type}. */
    public MethodHandle function(String function, FunctionDescriptor type) {
        MemorySegment address = opened.stream()
                .map(library -> library.find(function))
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow(() -> new DeviceUnavailableException(name + " has no function " + function));
        return Linker.nativeLinker().downcallHandle(address, type);
    }
}
