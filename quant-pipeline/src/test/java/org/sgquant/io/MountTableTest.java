package org.sgquant.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MountTableTest {

    private static final MountTable TABLE = new MountTable("""
            27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
            40 27 0:50 / /tmp rw,relatime shared:5 - ext4 /dev/vdb rw
            41 40 0:39 / /tmp rw,noexec,relatime shared:7 master:1 - tmpfs tmpfs rw
            50 27 0:60 / /data rw,relatime - nfs4 server:/export rw,vers=4.2
            51 27 0:61 / /home/a\\040b rw - fuse.sshfs host: rw
            52 27 0:62 / /media rw - fuseblk /dev/sda1 rw
            53 27 0:63 / /m/shared rw - virtiofs shared rw
            54 27 0:64 / /m/box rw - vboxsf host rw
            55 27 0:65 / /m/program rw - fuse program rw
            56 27 0:66 / /m/novell rw - ncpfs server rw
            57 27 0:67 / /m/cluster rw - ocfs2 /dev/sdb rw
            58 27 0:68 / /m/cluster2 rw - gfs2 /dev/sdc rw
            this line is none
            """);

    @ParameterizedTest
    @CsvSource({
        "/, ext4, false, false",
        "/temporary, ext4, false, false",
        "/tmp, tmpfs, true, false",
        "/tmp/x/y, tmpfs, true, false",
        "/data/graphs, nfs4, false, true",
        "/home/a b/c, fuse.sshfs, false, true",
        "/media/disk, fuseblk, false, false",
        "/m/shared/a, virtiofs, false, true",
        "/m/box, vboxsf, false, true",
        "/m/program, fuse, false, true",
        "/m/novell, ncpfs, false, true",
        "/m/cluster, ocfs2, false, true",
        "/m/cluster2/x, gfs2, false, true"
    })
    void a_path_lies_on_the_last_mount_nearest_above_it(Path path, String type, boolean noexec, boolean network) {
        MountTable.Mount mount = TABLE.of(path).orElseThrow();
        assertThat(mount.type()).isEqualTo(type);
        assertThat(mount.isNoexec()).isEqualTo(noexec);
        assertThat(mount.isNetwork()).isEqualTo(network);
    }

    @Test
    void without_a_table_nothing_is_known() {
        assertThat(new MountTable("").of(Path.of("/tmp"))).isEmpty();
    }
}
