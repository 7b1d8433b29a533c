package org.sgquant.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** A native library that lies among the classes; it stays loaded. */
public final class BundledLibrary {

    private final String name;
    private final DynamicLoader.Library library;

    private BundledLibrary(String name, DynamicLoader.Library library) {
        this.name = name;
        this.library = library;
    }

    /** Why a library cannot be used, in one sentence. */
    public static final class UnusableException extends Exception {
        UnusableException(String reason) {
            super(reason);
        }
    }

    /**
     * Loads the resource {@code file} beside {@code neighbour} from a private folder.
     *
     * @throws UnusableException where there is no such resource, or Java or the system refuses it
     */
    public static BundledLibrary load(Class<?> neighbour, String file) throws UnusableException {
        if (NativeAccess.denial().isPresent()) {
            throw new UnusableException(NativeAccess.denial().get());
        }
        try (InputStream content = neighbour.getResourceAsStream(file)) {
            if (content == null) {
                throw new UnusableException(file + " was not built");
            }
            try (PrivateFolder folder = PrivateFolder.create()) {
                Path copy = folder.path().resolve(file);
                Files.copy(content, copy);
                return new BundledLibrary(file, DynamicLoader.open(copy.toString()));
            } catch (DynamicLoader.RefusedException e) {
                throw new UnusableException(file + " cannot be loaded: " + LoadFailure.reason(file, e.getMessage()));
            }
        } catch (IOException | UncheckedIOException e) {
            throw new UnusableException(file + " cannot be loaded: " + e.getMessage());
        }
    }

    /** The address of {@code function}, which the library is known to have. */
    public MemorySegment address(String function) {
        MemorySegment address = library.find(function);
        if (address == null) {
            throw new IllegalStateException(name + ": no function " + function);
        }
        return address;
    }
}
