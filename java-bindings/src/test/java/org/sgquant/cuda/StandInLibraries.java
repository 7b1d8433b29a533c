package org.sgquant.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Libraries of CUDA with a few functions, of the same names and versions as the real ones. */
public final class StandInLibraries {

    private StandInLibraries() {}

    /**
     * Compiles {@code library} of CUDA {@code toolkit} into {@code folder}, cuSPARSE of CUDA 13 with the library it needs
     * beside it; {@code options} are the compiler's. Its version begins with {@code toolkit}, to tell them apart.
     */
    public static void compile(StandInDriver driver, CudaLibrary library, int toolkit, Path folder, String... options)
            throws IOException, InterruptedException {
        if (library == CudaLibrary.CUSPARSE && toolkit == CudaLibrary.NEXT_TOOLKIT) {
            String needed = "libnvJitLink.so.13";
            compile(driver, needed, "int __nvJitLinkCreate_13_0(void) { return 0; }", folder);
            options = new String[] {"-Wl,--no-as-needed", folder.resolve(needed).toString()};
        }
        String name = library == CudaLibrary.CUBLAS ? "standin_cublas.c" : "standin_cusparse.c";
        try (var source = StandInLibraries.class.getResourceAsStream(name)) {
            String text = new String(source.readAllBytes(), StandardCharsets.UTF_8);
            compile(driver, library.file(toolkit), text.replace("MAJOR", Integer.toString(toolkit)), folder, options);
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
