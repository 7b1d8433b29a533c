package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Loads JCuda's libraries in child JVMs, each with a temporary folder of its own. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class NativeLibrariesTest {

    private static final String PLANTED = "libJCudaDriver-12.6.0-linux-x86_64.so";

    @TempDir
    Path folder;

    @TempDir
    Path temporary;

    /** Opens device 0, twice where the first time fails. */
    static final class Open {
        public static void main(String[] args) {
            for (int attempt = 0; attempt < 2; attempt++) {
                try (CudaDevice device = CudaDevice.open(0)) {
                    System.out.println(device.name());
                    return;
                } catch (CudaUnavailableException e) {
                    System.out.println(e.getMessage());
                }
            }
        }
    }

    /** Asks twice whether the library loads. */
    static final class Probe {
        public static void main(String[] args) {
            for (int attempt = 0; attempt < 2; attempt++) {
                JCudaProbe probe = JCudaProbe.probe();
                System.out.println(probe.isAvailable() + " " + probe.origin() + " [" + probe.reason() + "]");
            }
        }
    }

    /** Lets JCuda load its library as it does by itself. */
    static final class OpenUnguarded {
        public static void main(String[] args) {
            try {
                JCudaDriver.setExceptionsEnabled(false);
                System.out.println("loaded");
            } catch (UnsatisfiedLinkError e) {
                System.out.println("file too short: " + e.getMessage().contains("file too short"));
            }
        }
    }

    /** Ends while a library is being loaded. */
    static final class Exit {
        public static void main(String[] args) {
            NativeLibraries.load(() -> {
                write(Path.of(System.getProperty("java.io.tmpdir"), "half a library"));
                System.out.println("exit");
                System.exit(0);
            });
        }
    }

    @Test
    void a_planted_file_is_not_loaded() throws Exception {
        StandInDriver driver = driver();
        Path planted = temporary.resolve(PLANTED);
        Files.createFile(planted);
        assertThat(driver.lastLine(OpenUnguarded.class, Map.of()))
                .as("JCuda itself loads it")
                .isEqualTo("file too short: true");
        assertThat(driver.lastLine(Open.class, Map.of())).isEqualTo("stand-in 0");
        assertThat(temporary).isDirectoryContaining(planted::equals);
        assertThat(planted).isEmptyFile();
        assertThat(files()).containsExactly(planted);
    }

    @Test
    void several_jvms_may_start_at_once_and_leave_nothing() throws Exception {
        StandInDriver driver = driver();
        List<StandInDriver.Child> children = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            children.add(driver.startMain("child" + i, Open.class, Map.of()));
        }
        for (StandInDriver.Child child : children) {
            assertThat(driver.finish(child)).endsWith("stand-in 0");
        }
        assertThat(files()).isEmpty();
    }

    @Test
    void a_jvm_that_exits_meanwhile_leaves_nothing() throws Exception {
        assertThat(driver().lastLine(Exit.class, Map.of())).isEqualTo("exit");
        assertThat(files()).isEmpty();
    }

    @Test
    void missing_natives_are_named_every_time() throws Exception {
        StandInDriver driver = driver().withoutJar("jcuda-natives");
        assertThat(driver.finish(driver.startMain("child", Open.class, Map.of()))
                        .lines())
                .hasSize(2)
                .containsOnly("JCuda's native library " + PLANTED + " is not on the class path"
                        + " (org.jcuda:jcuda-natives has those of linux-x86_64)");
        assertThat(files()).isEmpty();
    }

    @Test
    void a_temporary_folder_that_does_not_exist_is_named_every_time() throws Exception {
        Path absent = folder.resolve("absent");
        StandInDriver driver = driver().with("-Djava.io.tmpdir=" + absent);
        assertThat(driver.finish(driver.startMain("child", Open.class, Map.of()))
                        .lines())
                .filteredOn(line -> !line.startsWith("WARNING: "))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line)
                        .isEqualTo("JCuda's native library " + PLANTED
                                + " cannot be loaded: no private folder for native libraries in " + absent));
    }

    @Test
    void a_noexec_temporary_folder_is_named_every_time() throws Exception {
        StandInDriver driver = NoexecFolder.at(temporary, driver());
        assertThat(everyLine(driver))
                .containsOnly("JCuda's native library " + PLANTED + " cannot be loaded: the temporary folder "
                        + temporary + " lets no program run (mounted noexec): name another by -Djava.io.tmpdir=FOLDER");
    }

    @Test
    void a_foreign_file_is_named_every_time() throws Exception {
        Path planted = Files.createDirectories(folder.resolve("foreign/lib")).resolve(PLANTED);
        String damaged = "JCuda's native library " + PLANTED
                + " cannot be loaded: it is damaged or no library of this platform (";
        Files.createFile(planted);
        assertThat(everyLine(driver().withClasses(folder.resolve("foreign"))))
                .containsOnly(damaged + "file too short)");
        Files.writeString(planted, "no library ".repeat(100));
        assertThat(everyLine(driver().withClasses(folder.resolve("foreign"))))
                .allSatisfy(line -> assertThat(line).startsWith(damaged + "invalid ELF header"));
    }

    @Test
    void a_missing_dependency_is_named_every_time() throws Exception {
        Path needy = Files.createDirectories(folder.resolve("needy/lib")).resolve(PLANTED);
        Path absent = folder.resolve("libabsent.so.7");
        StandInDriver driver = driver().library(absent, "int absent(void) { return 0; }", "-Wl,-soname,libabsent.so.7")
                .library(needy, "int absent(void); int needy(void) { return absent(); }", absent.toString())
                .withClasses(folder.resolve("needy"));
        Files.delete(absent);
        assertThat(everyLine(driver))
                .containsOnly("JCuda's native library " + PLANTED
                        + " cannot be loaded: it needs libabsent.so.7, which is not found");
    }

    @Test
    void denied_native_access_is_told_every_time() throws Exception {
        assertThat(everyLine(driver().withoutNativeAccess()))
                .containsOnly("Java denies native access: start it with --enable-native-access=ALL-UNNAMED");
    }

    @Test
    void the_probe_tells_where_the_library_lies_and_what_it_needs() throws Exception {
        assertThat(everyLine(driver(), Probe.class))
                .allSatisfy(line -> assertThat(line)
                        .startsWith("true jar:file:")
                        .contains("jcuda-natives")
                        .endsWith("/lib/" + PLANTED + " []"));
        String needs = " [JCuda's native library " + PLANTED + " ";
        // A text, so that no driver of this machine is found either.
        Files.writeString(folder.resolve("libcuda.so.1"), "no library ".repeat(100));
        StandInDriver none = StandInDriver.none(folder).with("-Djava.io.tmpdir=" + temporary);
        assertThat(everyLine(none, Probe.class))
                .allSatisfy(line -> assertThat(line)
                        .startsWith("false jar:file:")
                        .contains(needs + "cannot be loaded: it needs libcuda.so.1, which is damaged or no library"));
        assertThat(everyLine(driver().withoutJar("jcuda-natives"), Probe.class))
                .allSatisfy(line ->
                        assertThat(line).startsWith("false  [JCuda's").contains(needs + "is not on the class path"));
    }

    private static List<String> everyLine(StandInDriver driver) throws IOException, InterruptedException {
        return everyLine(driver, Open.class);
    }

    /** What {@code main} prints, a line for each attempt, after what the JVM warns of. */
    private static List<String> everyLine(StandInDriver driver, Class<?> main)
            throws IOException, InterruptedException {
        List<String> lines =
                driver.finish(driver.startMain("child", main, Map.of())).lines().toList();
        return lines.subList(lines.size() - 2, lines.size());
    }

    @Test
    void only_the_owner_may_look_and_all_is_as_before_afterwards() {
        String before = System.getProperty("java.io.tmpdir");
        Path[] used = new Path[1];
        NativeLibraries.load(() -> {
            used[0] = Path.of(System.getProperty("java.io.tmpdir"));
            write(used[0].resolve("library"));
            assertThat(permissions(used[0])).isEqualTo("rwx------");
        });
        assertThat(used[0]).doesNotExist();
        assertThat(used[0].getParent()).isEqualTo(Path.of(before));
        assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(before);
    }

    @Test
    void all_is_as_before_after_a_failure_too() {
        String before = System.getProperty("java.io.tmpdir");
        Path[] used = new Path[1];
        assertThatThrownBy(() -> NativeLibraries.load(() -> {
                    used[0] = Path.of(System.getProperty("java.io.tmpdir"));
                    throw new UnsatisfiedLinkError("no such library");
                }))
                .isInstanceOf(UnsatisfiedLinkError.class)
                .hasMessage("no such library");
        assertThat(used[0]).doesNotExist();
        assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(before);
    }

    private StandInDriver driver() throws IOException, InterruptedException {
        return StandInDriver.compile(folder).with("-Djava.io.tmpdir=" + temporary);
    }

    private List<Path> files() throws IOException {
        try (var files = Files.list(temporary)) {
            // The JVM's own file, which other JVMs read.
            return files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata_"))
                    .toList();
        }
    }

    private static void write(Path file) {
        try {
            Files.writeString(file, "x");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String permissions(Path path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
