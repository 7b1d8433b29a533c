package org.sgquant.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.io.MountTable;

class DiskProbeTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void follow() throws IOException {
        folder = folder.toRealPath();
    }

    private Section examine(String type, String options) {
        MountTable mounts = new MountTable(
                "1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / " + folder + " " + options + " - " + type + " b rw");
        return new DiskProbe(folder, List.of(folder.resolve("data")), mounts).examine();
    }

    @Test
    void a_folder_that_takes_libraries_is_ok() {
        Section disk = examine("ext4", "rw,relatime");
        assertThat(disk.ok()).as(disk.toString()).isTrue();
        assertThat(disk.reason()).isEmpty();
        assertThat(disk.facts()).containsEntry("executes", true).containsEntry("fileSystem", "ext4");
        assertThat(folder).as("nothing is left behind").isEmptyDirectory();
    }

    @Test
    void noexec_is_told_from_the_mount() {
        Section disk = examine("tmpfs", "rw,noexec");
        assertThat(disk.ok()).isFalse();
        assertThat(disk.reason())
                .isEqualTo("the temporary folder " + folder
                        + " lets no program run (mounted noexec), and no native library be loaded");
    }

    @Test
    void network_file_systems_are_named_and_no_failure() {
        Section disk = examine("nfs4", "rw");
        assertThat(disk.ok()).isTrue();
        assertThat(disk.reason())
                .isEqualTo("the temporary folder " + folder + " lies on a network file system (nfs4); the data folder "
                        + folder.resolve("data") + " lies on a network file system (nfs4)");
        assertThat(disk.facts().get("dataFolders"))
                .asInstanceOf(InstanceOfAssertFactories.LIST)
                .singleElement()
                .asInstanceOf(InstanceOfAssertFactories.MAP)
                .containsAllEntriesOf(Map.of("exists", false, "network", true));
    }

    @Test
    void a_temporary_folder_that_does_not_exist_is_named() {
        Path absent = folder.resolve("absent");
        Section disk = new DiskProbe(absent, List.of(), new MountTable("")).examine();
        assertThat(disk.ok()).isFalse();
        assertThat(disk.reason()).isEqualTo("the temporary folder " + absent + " does not exist");
    }
}
