package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What the loader of glibc says, and what users read. */
@DisabledOnOs(OS.WINDOWS)
class LoadFailureTest {

    private static final String FILE = "/lib64/libcublas.so.12";

    @Test
    void what_is_missing_is_named() {
        assertThat(LoadFailure.reason(
                        "libcublas.so.12",
                        "libcublas.so.12: cannot open shared object file: No such file or directory"))
                .isEqualTo("no libcublas.so.12");
        assertThat(reason("libcublasLt.so.12: cannot open shared object file: No such file or directory"))
                .isEqualTo("it needs libcublasLt.so.12, which is not found");
        assertThat(reason(FILE + ": undefined symbol: cublasLtCreate, version libcublasLt.so.12"))
                .isEqualTo("it needs function cublasLtCreate, which no library has");
        assertThat(reason("/lib64/libc.so.6: version `GLIBC_2.99' not found (required by " + FILE + ")"))
                .isEqualTo("it needs version GLIBC_2.99 of a library that is there in another one");
    }

    @Test
    void a_folder_that_is_mounted_noexec_is_told_from_memory_that_runs_out() {
        String message = ": failed to map segment from shared object";
        assertThat(reason(FILE + message)).isEqualTo("its folder lets no program run (mounted noexec)");
        String temporary = System.getProperty("java.io.tmpdir");
        String extracted = Path.of(temporary, "libcublas.so.12").toString();
        assertThat(LoadFailure.reason(extracted, extracted + message))
                .isEqualTo("the temporary folder " + temporary
                        + " lets no program run (mounted noexec): name another by -Djava.io.tmpdir=FOLDER");
        String noMemory = FILE + message + ": Cannot allocate memory";
        assertThat(reason(noMemory)).isEqualTo(noMemory);
    }

    @Test
    void a_file_that_is_no_library_is_told_without_its_name_again() {
        assertThat(reason(FILE + ": " + FILE + ": wrong ELF class: ELFCLASS32"))
                .isEqualTo("it is damaged or no library of this platform (wrong ELF class: ELFCLASS32)");
        assertThat(reason("/lib64/libcublasLt.so.12: file too short"))
                .isEqualTo("it needs libcublasLt.so.12, which is damaged or no library of this platform"
                        + " (file too short)");
    }

    private static String reason(String message) {
        return LoadFailure.reason(FILE, message);
    }
}
