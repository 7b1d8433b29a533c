package org.sgquant.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/** A native library of Linux on x86-64 out of the class path, and its functions. It stays open as long as the JVM runs. */
public final class BundledLibrary {

    private final String name;
    private final List<DynamicLoader.Library> opened;

    private BundledLibrary(String name, List<DynamicLoader.Library> opened) {
        this.name = name;
        this.opened = opened;
    }

    /** Why a library cannot be used, in one sentence. */
    public static final class UnusableException extends Exception {
        UnusableException(String reason) {
            super(reason);
        }
    }

    /** Unpacks and opens {@code file}, which needs no other, of {@code folder} on the class path. */
    public static BundledLibrary load(String folder, String file) throws UnusableException {
        return load(folder, List.of(file), 1, library -> {});
    }

    /**
     * Unpacks {@code files} of {@code folder} on the class path beside each other, opens the last {@code open} of them in
     * order and hands them to {@code firstUse}, which must make the library load all that it will ever need: the files
     * are deleted afterwards, and stay mapped.
     *
     * @param folder of the resources, as in {@code org/bytedeco/mkl/linux-x86_64}
     * @param open how many files are opened here; the library itself opens the others
     * @throws UnusableException where one is missing, or Java or the system refuses it
     */
    public static BundledLibrary load(String folder, List<String> files, int open, Consumer<BundledLibrary> firstUse)
            throws UnusableException {
        String name = files.getLast();
        if (!NativeAccess.isPlatformOfNatives()) {
            throw new UnusableException(name + " is of linux-x86_64, this is " + NativeAccess.platformName());
        }
        if (NativeAccess.denial().isPresent()) {
            throw new UnusableException(NativeAccess.denial().get());
        }
        try (PrivateFolder unpacked = PrivateFolder.create()) {
            List<Path> copies = new ArrayList<>();
            for (String file : files) {
                copies.add(unpacked.unpack("/" + folder + "/", file)
                        .orElseThrow(() -> new UnusableException(folder + "/" + file + " is not on the class path")));
            }
            List<DynamicLoader.Library> opened = new ArrayList<>();
            for (Path copy : copies.subList(copies.size() - open, copies.size())) {
                opened.add(open(copy));
            }
            BundledLibrary loaded = new BundledLibrary(name, opened.reversed());
            firstUse.accept(loaded);
            return loaded;
        } catch (IOException | UncheckedIOException e) {
            throw new UnusableException(name + " cannot be unpacked: " + e.getMessage());
        }
    }

    private static DynamicLoader.Library open(Path file) throws UnusableException {
        try {
            return DynamicLoader.open(file.toString());
        } catch (DynamicLoader.RefusedException e) {
            throw new UnusableException(
                    file.getFileName() + " cannot be loaded: " + LoadFailure.reason(file.toString(), e.getMessage()));
        }
    }

    /**
     * The function {@code function} of type {@code type}.
     *
     * @throws IllegalStateException where the library has none of that name
     */
    public MethodHandle function(String function, FunctionDescriptor type) {
        MemorySegment address = opened.stream()
                .map(library -> library.find(function))
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(name + " has no function " + function));
        return Linker.nativeLinker().downcallHandle(address, type);
    }
}
