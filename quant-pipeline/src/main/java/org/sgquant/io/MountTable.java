package org.sgquant.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What file systems are mounted where, as {@code /proc/self/mountinfo} tells. */
public final class MountTable {

    private static final Set<String> NETWORK = Set.of(
            "nfs",
            "nfs4",
            "cifs",
            "smb2",
            "smb3",
            "smbfs",
            "9p",
            "afs",
            "ceph",
            "lustre",
            "glusterfs",
            "beegfs",
            "gpfs",
            "pvfs2",
            "ncpfs",
            "ocfs2",
            "gfs2",
            "virtiofs",
            "vboxsf",
            "fuse");

    /** The root of a container that a user started: local, although a program serves it. */
    private static final String CONTAINER = "fuse.fuse-overlayfs";

    private static final Path THIS_MACHINE = Path.of("/proc/self/mountinfo");

    /**
     * A mounted file system.
     *
     * @param type such as {@code ext4} or {@code nfs4}
     * @param options such as {@code rw} and {@code noexec}, of this mount
     */
    public record Mount(Path point, String type, Set<String> options) {

        public boolean isNoexec() {
            return options.contains("noexec");
        }

        /** Whether every access may wait for another machine; what a user's program serves counts too. */
        public boolean isNetwork() {
            return NETWORK.contains(type) || (type.startsWith("fuse.") && !type.equals(CONTAINER));
        }
    }

    private final List<Mount> mounts = new ArrayList<>();

    /** What this process sees; empty where there is no such table, as on systems other than Linux. */
    public static MountTable ofThisMachine() {
        try {
            return new MountTable(Files.isReadable(THIS_MACHINE) ? Files.readString(THIS_MACHINE) : "");
        } catch (IOException e) {
            throw new UncheckedIOException(THIS_MACHINE + " cannot be read", e);
        }
    }

    /** @param mountInfo lines "id parent major:minor root point options [tags] - type source options" */
    public MountTable(String mountInfo) {
        for (String line : mountInfo.lines().toList()) {
            String[] fields = line.split(" ");
            int dash = List.of(fields).indexOf("-");
            if (dash >= 6 && dash + 1 < fields.length) {
                mounts.add(new Mount(Path.of(unescape(fields[4])), fields[dash + 1], Set.of(fields[5].split(","))));
            }
        }
    }

    /** The mount that {@code path}, absolute and without links, lies on; empty where the table has none. */
    public Optional<Mount> of(Path path) {
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
