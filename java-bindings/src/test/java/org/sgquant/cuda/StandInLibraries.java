package org.sgquant.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Libraries of CUDA with a few functions, of the same names and versions as the real ones. */
final class StandInLibraries {

    private StandInLibraries() {}

    /** Compiles {@code library} of CUDA {@code major} into {@code folder}; {@code options} are the compiler's. */
    static void compile(StandInDriver driver, CudaLibrary library, int major, Path folder, String... options)
            throws IOException, InterruptedException {
        String name = library == CudaLibrary.CUBLAS ? "standin_cublas.c" : "standin_cusparse.c";
        try (var source = StandInLibraries.class.getResourceAsStream(name)) {
            String text = new String(source.readAllBytes(), StandardCharsets.UTF_8);
            compile(driver, library.file(major), text.replace("MAJOR", Integer.toString(major)), folder, options);
        }
    }

    static void compile(StandInDriver driver, String file, String source, Path folder, String... options)
            throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path versions = folder.resolve("versions");
        Files.writeString(versions, file + " { *; };");
        String[] all = new String[options.length + 2];
        System.arraycopy(options, 0, all, 0, options.length);
        all[options.length] = "-Wl,-soname," + file;
        all[options.length + 1] = "-Wl,--version-script=" + versions;
        driver.library(folder.resolve(file), source, all);
    }
}
