package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.sgquant.cuda.CudaLibrary.CUBLAS;
import static org.sgquant.cuda.CudaLibrary.CUSPARSE;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Where child JVMs find stand-ins of CUDA's libraries, and what users read where there are none. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class CudaLibrariesTest {

    private static final String FOLDER = CudaLibraries.FOLDER_VARIABLE;
    private static final String NAMED = " from the folder of " + FOLDER + ": ";
    private static final String FORWARDED = " from CUDA 13 through the forwarding library: ";

    /** The system's loader looks into it. */
    @TempDir
    Path system;

    @TempDir
    Path named;

    @TempDir
    Path temporary;

    /** Says where the libraries named are, then loads them; each twice. */
    static final class Load {
        public static void main(String[] args) {
            for (String name : args) {
                CudaLibrary library = CudaLibrary.valueOf(name);
                for (int attempt = 0; attempt < 2; attempt++) {
                    System.out.println(CudaLibraries.locate(library).sentence());
                    try {
                        CudaLibraries.load(library);
                        System.out.println("loaded");
                    } catch (CudaUnavailableException e) {
                        System.out.println(e.getMessage());
                    }
                }
            }
        }
    }

    /** Where cuBLAS is, and which libraries whose names are arguments are mapped afterwards. */
    static final class Mapped {
        public static void main(String[] args) throws IOException {
            System.out.println(CudaLibraries.locate(CUBLAS).sentence());
            String maps = Files.readString(Path.of("/proc/self/maps"));
            System.out.println(
                    "mapped: " + Stream.of(args).filter(maps::contains).toList());
        }
    }

    @Test
    void the_named_folder_comes_first() throws Exception {
        StandInDriver children = children();
        for (CudaLibrary library : CudaLibrary.values()) {
            StandInLibraries.compile(children, library, 12, system);
            StandInLibraries.compile(children, library, 12, named);
        }
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS, CUSPARSE))
                .containsExactly(
                        "cuBLAS 12.1.2" + NAMED + named.resolve("libcublas.so.12"),
                        "loaded",
                        "cuSPARSE 12.1.2" + NAMED + named.resolve("libcusparse.so.12"),
                        "loaded");
        assertThat(told(
                        children.with("-D" + CudaLibraries.FOLDER_PROPERTY + "=" + named),
                        Map.of(FOLDER, "/absent"),
                        CUBLAS))
                .containsExactly(
                        "cuBLAS 12.1.2 from the folder of -Dsgquant.cuda.libraries: "
                                + named.resolve("libcublas.so.12"),
                        "loaded");
    }

    @Test
    void a_named_folder_without_the_library_is_refused_although_the_system_has_it() throws Exception {
        StandInDriver children = children();
        StandInLibraries.compile(children, CUBLAS, 12, system);
        String refusal = "cuBLAS (libcublas.so.12) cannot be loaded: " + FOLDER + "=" + named
                + ": there is no libcublas.so.12 and no libcublas.so.13";
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS)).containsExactly(refusal, refusal);
    }

    @Test
    void a_named_folder_that_the_locale_cannot_express_is_refused() throws Exception {
        Map<String, String> environment = Map.of("LC_ALL", "C", FOLDER, "/opt/\u00e4");
        assertThat(told(children().with("-Dsun.jnu.encoding=ANSI_X3.4-1968"), environment, CUBLAS)
                        .getFirst())
                .startsWith("cuBLAS (libcublas.so.12) cannot be loaded: " + FOLDER + "=/opt/")
                .contains(": this is no path here: ");
    }

    @Test
    void a_named_folder_may_have_the_libraries_of_cuda_13() throws Exception {
        StandInDriver children = children();
        StandInLibraries.compile(children, CUBLAS, 13, named);
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS))
                .containsExactly("cuBLAS 13.1.2" + FORWARDED + named.resolve("libcublas.so.13"), "loaded");
    }

    @Test
    void the_system_comes_second() throws Exception {
        StandInDriver children = children();
        StandInLibraries.compile(children, CUBLAS, 12, system);
        StandInLibraries.compile(children, CUBLAS, 13, system);
        assertThat(told(children, Map.of(), CUBLAS))
                .containsExactly("cuBLAS 12.1.2 from the system: " + system.resolve("libcublas.so.12"), "loaded");
    }

    @Test
    void cuda_13_comes_third_and_serves_every_function() throws Exception {
        StandInDriver children = children();
        Path jar = redistributable(children);
        StandInLibraries.compile(children, CUBLAS, 13, system);
        // All functions that JCuda's natives need are looked up at once.
        List<String> told = told(children.withClasses(jar), Map.of("LD_BIND_NOW", "1"), CUBLAS);
        assumeNoCuda(told);
        assertThat(told).containsExactly("cuBLAS 13.1.2" + FORWARDED + system.resolve("libcublas.so.13"), "loaded");
        assertThat(left()).isEmpty();
    }

    @Test
    void cusparse_of_cuda_13_has_the_name_of_cuda_12_and_what_it_needs_comes_before_it() throws Exception {
        StandInDriver children = children();
        Path packages = Files.createDirectories(named.resolve("lib/python3.12/site-packages/nvidia"));
        Path next = packages.resolve("cu13/lib");
        StandInLibraries.compile(children, CUSPARSE, 13, next);
        Map<String, String> environment = Map.of("VIRTUAL_ENV", named.toString());
        assumeNoCuda(told(children, Map.of(), CUSPARSE));
        assertThat(told(children, environment, CUSPARSE))
                .containsExactly("cuSPARSE 13.1.2 from the system: " + next.resolve("libcusparse.so.12"), "loaded");
        StandInLibraries.compile(children, CUSPARSE, 12, packages.resolve("cusparse/lib"));
        assertThat(told(children, environment, CUSPARSE).getFirst())
                .as("CUDA 12's folders come first")
                .isEqualTo("cuSPARSE 12.1.2 from the system: " + packages.resolve("cusparse/lib/libcusparse.so.12"));
        assertThat(told(children, Map.of(FOLDER, next.toString()), CUSPARSE).getFirst())
                .isEqualTo("cuSPARSE 13.1.2" + NAMED + next.resolve("libcusparse.so.12"));
        Files.delete(next.resolve("libnvJitLink.so.13"));
        assertThat(told(children, Map.of(FOLDER, next.toString()), CUSPARSE).getFirst())
                .endsWith("libcusparse.so.12: it needs libnvJitLink.so.13, which is not found");
    }

    @Test
    void the_redistributable_jar_comes_last_and_what_cublas_needs_comes_before_it() throws Exception {
        StandInDriver children = children();
        Path jar = redistributable(children);
        List<String> told = told(children.withClasses(jar), Map.of(), CUBLAS);
        assumeNoCuda(told);
        assertThat(told)
                .containsExactly(
                        "cuBLAS 12.1.2 from the redistributable jar: file:"
                                + jar.resolve("org/bytedeco/cuda/linux-x86_64/libcublas.so.12"),
                        "loaded");
        assertThat(left()).isEmpty();
    }

    @Test
    void without_any_every_place_is_named() throws Exception {
        List<String> told = told(children(), Map.of(), CUBLAS, CUSPARSE);
        assumeNoCuda(told);
        String jar = "; the class path: it has no redistributable jar (Maven profile cuda-redist)";
        String cublas =
                "cuBLAS (libcublas.so.12) cannot be loaded: the system's loader and the usual folders of CUDA 12:"
                        + " no libcublas.so.12; the system's loader and the usual folders of CUDA 13: no libcublas.so.13"
                        + jar;
        String cusparse = "cuSPARSE (libcusparse.so.12) cannot be loaded: the system's loader and the usual folders of"
                + " CUDA 12: no libcusparse.so.12; the usual folders of CUDA 13: no libcusparse.so.12" + jar;
        assertThat(told).containsExactly(cublas, cublas, cusparse, cusparse);
    }

    @Test
    void what_a_library_needs_may_be_missing() throws Exception {
        StandInDriver children = children();
        needing(children, named);
        Files.delete(named.resolve("libcublasLt.so.12"));
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS).getFirst())
                .isEqualTo("cuBLAS (libcublas.so.12) cannot be loaded: " + named.resolve("libcublas.so.12")
                        + ": it needs libcublasLt.so.12, which is not found");
    }

    @Test
    void cuda_13_under_the_name_of_cuda_12_is_refused() throws Exception {
        StandInDriver children = children();
        StandInLibraries.compile(children, CUBLAS, 13, named);
        Files.createSymbolicLink(named.resolve("libcublas.so.12"), named.resolve("libcublas.so.13"));
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS).getFirst())
                .endsWith(named.resolve("libcublas.so.12")
                        + ": it has no function cublasGetProperty of version libcublas.so.12");
    }

    @Test
    void a_foreign_file_under_the_name_is_refused() throws Exception {
        Files.writeString(named.resolve("libcublas.so.12"), "no library ".repeat(100));
        assertThat(told(children(), Map.of(FOLDER, named.toString()), CUBLAS).getFirst())
                .endsWith(named.resolve("libcublas.so.12")
                        + ": it is damaged or no library of this platform (invalid ELF header)");
    }

    @Test
    void a_noexec_temporary_folder_takes_no_forwarding_library() throws Exception {
        StandInDriver children = NoexecFolder.at(temporary, children());
        StandInLibraries.compile(children, CUBLAS, 13, named);
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS).getFirst())
                .isEqualTo("cuBLAS (libcublas.so.12) cannot be loaded: the forwarding library over "
                        + named.resolve("libcublas.so.13") + ": the temporary folder " + temporary
                        + " lets no program run (mounted noexec): name another by -Djava.io.tmpdir=FOLDER");
    }

    @Test
    void what_the_forwarding_library_cannot_serve_leaves_none_of_it_loaded() throws Exception {
        StandInDriver children = children();
        StandInLibraries.compile(
                children,
                "libcublas.so.13",
                "int cublasGetProperty(int part, int *value) { return part + 1 - *value; }",
                named);
        String told = children.finish(children.startMain(
                "child", Mapped.class, Map.of(FOLDER, named.toString()), "libcublas.so.12", "libcublasLt"));
        assertThat(told)
                .contains("the forwarding library over " + named.resolve("libcublas.so.13")
                        + ": it does not reach cublasGetProperty")
                .endsWith("mapped: []");
    }

    @Test
    void without_the_forwarding_library_its_target_is_closed() throws Exception {
        StandInDriver children = children().with("-Djava.io.tmpdir=" + named.resolve("absent"));
        StandInLibraries.compile(children, CUBLAS, 13, named);
        String told = children.finish(children.startMain(
                "child", Mapped.class, Map.of(FOLDER, named.toString()), "libcublas.so.13", "libcublas.so.12"));
        assertThat(told).contains("it cannot be extracted").endsWith("mapped: []");
    }

    @Test
    void a_driver_of_cuda_12_takes_no_library_of_cuda_13() throws Exception {
        StandInDriver children = StandInDriver.compile(system).with("-Djava.io.tmpdir=" + temporary);
        StandInLibraries.compile(children, CUBLAS, 13, named);
        StandInLibraries.compile(children, CUSPARSE, 13, named);
        Map<String, String> older = Map.of(FOLDER, named.toString(), "STANDIN_DRIVER", "12060");
        String refusal = ": the driver serves CUDA 12.6; CUDA 13's library needs driver 580 or later";
        List<String> told = told(children, older, CUBLAS, CUSPARSE);
        assertThat(told.getFirst())
                .isEqualTo("cuBLAS (libcublas.so.12) cannot be loaded: " + named.resolve("libcublas.so.13") + refusal);
        assertThat(told.getLast())
                .isEqualTo("cuSPARSE (libcusparse.so.12) cannot be loaded: " + named.resolve("libcusparse.so.12")
                        + refusal);
        for (String version : List.of("13000", "0")) {
            Map<String, String> other = Map.of(FOLDER, named.toString(), "STANDIN_DRIVER", version);
            assertThat(told(children, other, CUBLAS, CUSPARSE))
                    .filteredOn("loaded"::equals)
                    .hasSize(2);
        }
        StandInLibraries.compile(children, CUSPARSE, 12, named);
        assertThat(told(children, older, CUSPARSE)).endsWith("loaded");
    }

    @Test
    void a_temporary_folder_that_does_not_exist_is_named() throws Exception {
        Path absent = named.resolve("absent");
        StandInDriver children = children().with("-Djava.io.tmpdir=" + absent);
        StandInLibraries.compile(children, CUSPARSE, 12, named);
        StandInLibraries.compile(children, CUBLAS, 13, named);
        List<String> told = told(children, Map.of(FOLDER, named.toString()), CUSPARSE, CUBLAS);
        assertThat(told.get(1))
                .isEqualTo("JCuda's native library libJCusparse-12.6.0-linux-x86_64.so cannot be loaded: "
                        + "no private folder for native libraries in " + absent);
        assertThat(told.getLast())
                .endsWith(
                        "libcublas.so.13: it cannot be extracted: no private folder for native libraries in " + absent);
    }

    @Test
    void natives_that_are_not_on_the_class_path_are_named() throws Exception {
        StandInDriver children = children().withoutJar("jcublas-natives");
        StandInLibraries.compile(children, CUBLAS, 12, named);
        assertThat(told(children, Map.of(FOLDER, named.toString()), CUBLAS).getLast())
                .isEqualTo("JCuda's native library libJCublas2-12.6.0-linux-x86_64.so is not on the class path"
                        + " (org.jcuda:jcublas-natives has those of linux-x86_64)");
    }

    @Test
    void denied_native_access_is_told() throws Exception {
        assertThat(told(children().withoutNativeAccess(), Map.of(), CUBLAS).getFirst())
                .isEqualTo("cuBLAS (libcublas.so.12) cannot be loaded: this JVM: "
                        + "Java denies native access: start it with --enable-native-access=ALL-UNNAMED");
    }

    /** A folder for the class path, as the redistributable jar is laid out. */
    private Path redistributable(StandInDriver children) throws IOException, InterruptedException {
        Path jar = Files.createDirectories(system.resolve("jar"));
        needing(children, Files.createDirectories(jar.resolve("org/bytedeco/cuda/linux-x86_64")));
        return jar;
    }

    /** cuBLAS that cannot be loaded before what it depends on. */
    private static void needing(StandInDriver children, Path folder) throws IOException, InterruptedException {
        String dependency = "libcublasLt.so.12";
        StandInLibraries.compile(children, dependency, "int cublasLt(void) { return 0; }", folder);
        StandInLibraries.compile(
                children,
                CUBLAS,
                12,
                folder,
                "-Wl,--no-as-needed",
                folder.resolve(dependency).toString());
    }

    private StandInDriver children() {
        return StandInDriver.none(system).with("-Djava.io.tmpdir=" + temporary);
    }

    /** What the first and the second attempt tell alike. */
    private static List<String> told(StandInDriver children, Map<String, String> environment, CudaLibrary... libraries)
            throws IOException, InterruptedException {
        String[] names = new String[libraries.length];
        for (int i = 0; i < names.length; i++) {
            names[i] = libraries[i].name();
        }
        List<String> lines = children.finish(children.startMain("child", Load.class, environment, names))
                .lines()
                .filter(line -> !line.startsWith("WARNING: "))
                .toList();
        assertThat(lines).hasSize(4 * libraries.length);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < lines.size(); i += 4) {
            assertThat(lines.subList(i + 2, i + 4)).isEqualTo(lines.subList(i, i + 2));
            told.addAll(lines.subList(i, i + 2));
        }
        return told;
    }

    private void assumeNoCuda(List<String> told) {
        assumeThat(told.getFirst())
                .as("##### CUDA IS INSTALLED HERE: nothing is tested of what comes after the system's libraries #####")
                .doesNotContain(" from the system: ");
    }

    private List<Path> left() throws IOException {
        try (var files = Files.list(temporary)) {
            return files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata_"))
                    .toList();
        }
    }
}
