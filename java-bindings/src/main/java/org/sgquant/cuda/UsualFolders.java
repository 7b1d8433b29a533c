package org.sgquant.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Where CUDA's libraries usually lie and the system's loader may not look. */
final class UsualFolders {

    private UsualFolders() {}

    /** Existing folders for a library of CUDA {@code toolkit}, the most telling ones first. */
    static List<Path> of(CudaLibrary library, int toolkit) {
        return of(library, toolkit, Path.of("/"), System.getenv());
    }

    static List<Path> of(CudaLibrary library, int toolkit, Path root, Map<String, String> environment) {
        List<Path> folders = new ArrayList<>();
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            String home = environment.getOrDefault(variable, "");
            if (!home.isEmpty()) {
                folders.add(Path.of(home, "lib64"));
            }
        }
        Path local = root.resolve("usr/local");
        folders.add(local.resolve("cuda/lib64"));
        matches(local, "cuda-" + toolkit + "*").forEach(version -> folders.add(version.resolve("lib64")));
        folders.add(root.resolve("usr/lib/x86_64-linux-gnu"));
        folders.add(root.resolve("usr/lib64"));
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            String python = environment.getOrDefault(variable, "");
            if (!python.isEmpty()) {
                Path lib = Path.of(python, "lib");
                folders.add(lib);
                matches(lib, "python3*").forEach(version -> {
                    Path packages = version.resolve("site-packages");
                    folders.add(packages.resolve(library.wheelFolder()));
                    folders.add(packages.resolve("nvidia/cu" + toolkit + "/lib"));
                });
            }
        }
        return folders.stream().filter(Files::isDirectory).distinct().toList();
    }

    /** Newest first, as far as names tell. */
    private static List<Path> matches(Path folder, String pattern) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, pattern)) {
            entries.forEach(found::add);
        } catch (IOException e) {
            throw new UncheckedIOException("folder cannot be read: " + folder, e);
        }
        found.sort(Comparator.reverseOrder());
        return found;
    }
}
