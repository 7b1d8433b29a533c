package org.sgquant.doctor;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What file systems are mounted where, as {@code /proc/self/mountinfo} tells. */
final class MountTable {

    private static final Set<String> NETWORK = Set.of(
            "nfs",
            "nfs4",
            "cifs",
            "smb3",
            "smbfs",
            "9p",
            "afs",
            "ceph",
            "lustre",
            "glusterfs",
            "beegfs",
            "gpfs",
            "pvfs2");

    /**
     * A mounted file system.
     *
     * @param type such as {@code ext4} or {@code nfs4}
     * @param options such as {@code rw} and {@code noexec}, of this mount
     */
    record Mount(Path point, String type, Set<String> options) {

        boolean isNoexec() {
            return options.contains("noexec");
        }

        /** Whether every access may wait for another machine; what a user's program serves counts too. */
        boolean isNetwork() {
            return NETWORK.contains(type) || type.startsWith("fuse.");
        }
    }

    private final List<Mount> mounts = new ArrayList<>();

    /** @param mountInfo lines "id parent major:minor root point options [tags] - type source options" */
    MountTable(String mountInfo) {
        for (String line : mountInfo.lines().toList()) {
            String[] fields = line.split(" ");
            int dash = List.of(fields).indexOf("-");
            if (dash >= 6 && dash + 1 < fields.length) {
                mounts.add(new Mount(Path.of(unescape(fields[4])), fields[dash + 1], Set.of(fields[5].split(","))));
            }
        }
    }

    /** The mount that {@code path}, absolute and without links, lies on; empty where the table has none. */
    Optional<Mount> of(Path path) {
        Mount found = null;
        for (Mount mount : mounts) {
            // Of two at the same point the later one hides the earlier.
            if (path.startsWith(mount.point)
                    && (found == null || mount.point.getNameCount() >= found.point.getNameCount())) {
                found = mount;
            }
        }
        return Optional.ofNullable(found);
    }

    /** Blanks and the like are written as three octal digits. */
    private static String unescape(String field) {
        return field.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }
}
