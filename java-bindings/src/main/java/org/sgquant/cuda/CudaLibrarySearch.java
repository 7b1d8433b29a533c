package org.sgquant.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.sgquant.cuda.CudaLibraryLocation.Found;
import org.sgquant.cuda.CudaLibraryLocation.Origin;
import org.sgquant.cuda.CudaLibraryLocation.Refused;

/** One search for a library, as {@link CudaLibraries} states it; what it finds stays loaded. */
final class CudaLibrarySearch {

    private static final String REDISTRIBUTABLE = "/org/bytedeco/cuda/linux-x86_64/";
    private static final String FORWARDING = "/org/sgquant/cuda/";
    private static final int VERSION_PARTS = 3;

    /** What the library of CUDA 13 reaches in what it depends on, where its file name does not tell. */
    private static final String NEXT_LINKER = "__nvJitLinkCreate_13_0";

    private final CudaLibrary library;
    private final List<Refused> refused = new ArrayList<>();

    CudaLibrarySearch(CudaLibrary library) {
        this.library = library;
    }

    /** What was opened together, the library last. */
    private record Opened(List<DynamicLoader.Library> all) {
        MemorySegment find(String function) {
            return library().find(function);
        }

        DynamicLoader.Library library() {
            return all.getLast();
        }

        void close() {
            all.reversed().forEach(DynamicLoader.Library::close);
        }
    }

    /** @param folder the only one to look in, where the user names one */
    CudaLibraryLocation run(Optional<NamedFolder> folder) {
        return new CudaLibraryLocation(library, find(folder), refused);
    }

    private Optional<Found> find(Optional<NamedFolder> folder) {
        Optional<String> refusal = NativeAccess.refusal();
        if (refusal.isPresent()) {
            return refuse("this JVM", refusal.get());
        }
        if (folder.isPresent()) {
            return inNamedFolder(folder.get());
        }
        return bySystem(CudaLibrary.TOOLKIT)
                .map(opened -> found(Origin.SYSTEM, opened))
                .or(() -> bySystem(CudaLibrary.NEXT_TOOLKIT).flatMap(opened -> usable(Origin.SYSTEM, opened)))
                .or(this::redistributable);
    }

    private Optional<Found> inNamedFolder(NamedFolder named) {
        Path folder;
        try {
            folder = Path.of(named.text());
        } catch (InvalidPathException e) {
            return refuse(named.place(), "this is no path here: " + e.getReason());
        }
        if (Files.exists(folder.resolve(library.file()))) {
            return openIn(folder, CudaLibrary.TOOLKIT).map(opened -> found(named.origin(), opened));
        }
        String next = library.file(CudaLibrary.NEXT_TOOLKIT);
        if (Files.exists(folder.resolve(next))) {
            return openIn(folder, CudaLibrary.NEXT_TOOLKIT).flatMap(opened -> usable(named.origin(), opened));
        }
        return refuse(named.place(), "there is no " + library.file() + (library.isRenamed() ? " and no " + next : ""));
    }

    /** The library of the next toolkit as it is, or through the forwarding library where it is renamed. */
    private Optional<Found> usable(Origin origin, Opened opened) {
        return library.isRenamed() ? forwarded(opened) : Optional.of(found(origin, opened));
    }

    /** A library as the system's loader finds it, else from the first usual folder that has one that loads. */
    private Optional<Opened> bySystem(int toolkit) {
        String file = library.file(toolkit);
        boolean isNewName = toolkit == CudaLibrary.TOOLKIT || library.isRenamed();
        // A name that two toolkits share was asked for before, also in the folders of both.
        List<Path> asked = isNewName ? List.of() : UsualFolders.of(library, CudaLibrary.TOOLKIT);
        List<Path> folders = UsualFolders.of(library, toolkit).stream()
                .filter(folder -> !asked.contains(folder) && Files.exists(folder.resolve(file)))
                .toList();
        String usual = "the usual folders of CUDA " + toolkit;
        Optional<Opened> opened = Optional.empty();
        if (isNewName) {
            String loader = "the system's loader";
            opened = open(List.of(file), toolkit, folders.isEmpty() ? loader + " and " + usual : loader);
        } else if (folders.isEmpty()) {
            return refuse(usual, "no " + file);
        }
        for (Path folder : folders) {
            if (opened.isEmpty()) {
                opened = openIn(folder, toolkit);
            }
        }
        return opened;
    }

    private Optional<Opened> openIn(Path folder, int toolkit) {
        Path absolute = folder.toAbsolutePath();
        Path file = absolute.resolve(library.file(toolkit));
        // What it depends on may also lie where the system's loader finds it.
        Stream<Path> beside = library.possibleDependencies(toolkit).stream()
                .map(absolute::resolve)
                .filter(Files::exists);
        List<String> files =
                Stream.concat(beside, Stream.of(file)).map(Path::toString).toList();
        return open(files, toolkit, file.toString());
    }

    /** Opens {@code files} in order, all or none; the last one is the library. */
    private Optional<Opened> open(List<String> files, int toolkit, String place) {
        Opened opened = new Opened(new ArrayList<>());
        String reason = "";
        for (String file : files) {
            try {
                opened.all().add(DynamicLoader.open(file));
            } catch (DynamicLoader.RefusedException e) {
                reason = LoadFailure.reason(file, e.getMessage());
                break;
            }
        }
        if (reason.isEmpty() && !serves(opened.library(), toolkit)) {
            reason = "it has no function " + library.versionFunction() + " of version " + library.file(toolkit);
        }
        if (reason.isEmpty() && (toolkit == CudaLibrary.NEXT_TOOLKIT || opened.find(NEXT_LINKER) != null)) {
            reason = refusalOfDriver();
        }
        if (reason.isEmpty()) {
            return Optional.of(opened);
        }
        opened.close();
        refused.add(new Refused(place, reason));
        return Optional.empty();
    }

    /** JCuda's natives ask for functions of a version; the forwarding library asks for names alone. */
    private boolean serves(DynamicLoader.Library opened, int toolkit) {
        String function = library.versionFunction();
        boolean asked = library.file(toolkit).equals(library.file());
        return (asked ? opened.find(function, library.file()) : opened.find(function)) != null;
    }

    private Optional<Found> forwarded(Opened target) {
        Path file = DynamicLoader.fileOf(target.find(library.versionFunction()));
        String place = "the forwarding library over " + file;
        Optional<Opened> forwarding = extracted(FORWARDING, List.of(library.file()), place);
        String version = forwarding.map(this::version).orElse("");
        if (!version.isEmpty()) {
            return Optional.of(new Found(Origin.FORWARDING, file.toString(), version));
        }
        // Left open it would serve JCuda's natives by its SONAME, whatever is found later.
        forwarding.ifPresent(opened -> {
            refuse(place, "it does not reach " + library.versionFunction());
            opened.close();
        });
        target.close();
        return Optional.empty();
    }

    /** Why the driver cannot run what CUDA 13 compiled, empty where it can, or there is none to tell. */
    private static String refusalOfDriver() {
        return DriverFacts.read()
                .filter(driver -> driver.version() > 0 && driver.version() < FatBinary.FIRST_DRIVER)
                .map(driver -> "the driver serves CUDA " + driver.cudaVersion()
                        + "; CUDA 13's library needs driver 580 or later")
                .orElse("");
    }

    private Optional<Found> redistributable() {
        Object jar = CudaLibrarySearch.class.getResource(REDISTRIBUTABLE + library.file());
        if (jar == null) {
            return refuse("the class path", "it has no redistributable jar (Maven profile cuda-redist)");
        }
        return extracted(REDISTRIBUTABLE, library.filesInOrder(), jar.toString())
                .map(opened -> new Found(Origin.REDISTRIBUTABLE, jar.toString(), version(opened)));
    }

    /** Opens copies of resources, which are deleted afterwards: they stay mapped. */
    private Optional<Opened> extracted(String from, List<String> files, String place) {
        try (PrivateFolder folder = PrivateFolder.create()) {
            List<String> copies = new ArrayList<>();
            for (String file : files) {
                Optional<Path> copy = folder.unpack(from, file);
                if (copy.isEmpty()) {
                    return refuse(place, "there is no " + file + " on the class path");
                }
                copies.add(copy.get().toString());
            }
            return open(copies, CudaLibrary.TOOLKIT, place);
        } catch (IOException | UncheckedIOException e) {
            return refuse(place, "it cannot be extracted: " + e.getMessage());
        }
    }

    private Found found(Origin origin, Opened opened) {
        Path file = DynamicLoader.fileOf(opened.find(library.versionFunction()));
        return new Found(origin, file.toString(), version(opened));
    }

    private String version(Opened opened) {
        MethodHandle property = Linker.nativeLinker()
                .downcallHandle(
                        opened.find(library.versionFunction()), FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
        List<String> parts = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            // Major, minor and patch are properties 0, 1 and 2.
            for (int part = 0; part < VERSION_PARTS; part++) {
                if ((int) property.invokeExact(part, value) != 0) {
                    return "";
                }
                parts.add(Integer.toString(value.get(JAVA_INT, 0)));
            }
        } catch (Throwable e) {
            throw new IllegalStateException("calling " + library.versionFunction() + " failed", e);
        }
        return String.join(".", parts);
    }

    private <T> Optional<T> refuse(String place, String reason) {
        refused.add(new Refused(place, reason));
        return Optional.empty();
    }
}
