package org.sgquant.doctor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sgquant.cuda.ByteCount;
import org.sgquant.cuda.JCudaProbe;
import org.sgquant.io.MountTable;

/** The temporary folder, which native libraries are loaded from, and the file systems that data lie on. */
final class DiskProbe {

    static final String NAME = "disk";

    /** JCuda's libraries take about 10 MiB, one at a time. */
    private static final long LEAST_FREE_BYTES = 32L << 20;

    private final Path temporary;
    private final List<Path> dataFolders;
    private final MountTable mounts;

    /**
     * @param temporary what {@code java.io.tmpdir} names
     * @param dataFolders where graphs are looked for; they need not exist
     */
    DiskProbe(Path temporary, List<Path> dataFolders, MountTable mounts) {
        this.temporary = temporary.toAbsolutePath();
        this.dataFolders = dataFolders;
        this.mounts = mounts;
    }

    Section examine() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("temporaryFolder", temporary.toString());
        if (!Files.isDirectory(temporary)) {
            return Section.failed(NAME, "the temporary folder " + temporary + " does not exist", facts);
        }
        if (!Files.isWritable(temporary)) {
            return Section.failed(NAME, "the temporary folder " + temporary + " takes no file of this user", facts);
        }
        Optional<MountTable.Mount> mount = mount(temporary);
        long free = freeBytes(temporary);
        boolean executes = mount.map(m -> !m.isNoexec()).orElse(true)
                && (!JvmProbe.mayCallNative() || !ExecutionTrial.isPossible() || ExecutionTrial.succeedsIn(temporary));
        List<Path> planted = new ArrayList<>();
        String unseen = "";
        try {
            planted.addAll(JCudaProbe.planted(temporary));
        } catch (UncheckedIOException e) {
            unseen = "what is planted in " + temporary + " cannot be seen: " + Failures.sentence(e);
        }
        facts.put("fileSystem", mount.map(MountTable.Mount::type).orElse(null));
        facts.put("freeBytes", free);
        facts.put("executes", executes);
        facts.put(
                "ignoredFiles",
                planted.stream()
                        .map(file -> Map.of("path", file.toString(), "owner", owner(file)))
                        .toList());
        facts.put("dataFolders", dataFolders.stream().map(this::dataFolder).toList());
        String summary = "temporary folder " + temporary
                + mount.map(m -> " (" + m.type() + ")").orElse("") + ", " + ByteCount.format(free) + " free";
        Optional<String> problem = problem(executes, mount, free);
        List<String> remarks = remarks(planted, unseen);
        return new Section(
                NAME, problem.isEmpty(), problem.orElseGet(() -> String.join("; ", remarks)), summary, facts);
    }

    private Optional<String> problem(boolean executes, Optional<MountTable.Mount> mount, long free) {
        if (!executes) {
            return Optional.of("the temporary folder " + temporary + " lets no program run"
                    + (mount.map(MountTable.Mount::isNoexec).orElse(false) ? " (mounted noexec)" : "")
                    + ", and no native library be loaded");
        }
        return free < LEAST_FREE_BYTES
                ? Optional.of("the temporary folder " + temporary + " is full: " + ByteCount.format(free) + " free, "
                        + ByteCount.format(LEAST_FREE_BYTES) + " needed")
                : Optional.empty();
    }

    private List<String> remarks(List<Path> planted, String unseen) {
        List<String> remarks = new ArrayList<>();
        network(temporary, "the temporary folder").ifPresent(remarks::add);
        dataFolders.forEach(folder -> network(folder, "the data folder").ifPresent(remarks::add));
        for (Path file : planted) {
            remarks.add(file + " of user " + owner(file) + " is ignored: libraries are loaded from a private folder");
        }
        if (!unseen.isEmpty()) {
            remarks.add(unseen);
        }
        return remarks;
    }

    private Optional<String> network(Path folder, String what) {
        return mount(folder)
                .filter(MountTable.Mount::isNetwork)
                .map(mount -> what + " " + folder + " lies on a network file system (" + mount.type() + ")");
    }

    private Map<String, Object> dataFolder(Path folder) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("path", folder.toString());
        facts.put("exists", Files.isDirectory(folder));
        facts.put("fileSystem", mount(folder).map(MountTable.Mount::type).orElse(null));
        facts.put("network", mount(folder).map(MountTable.Mount::isNetwork).orElse(false));
        facts.put("freeBytes", freeBytes(existing(folder)));
        return facts;
    }

    private Optional<MountTable.Mount> mount(Path folder) {
        try {
            return mounts.of(existing(folder).toRealPath());
        } catch (IOException e) {
            throw new UncheckedIOException(folder + " cannot be looked at", e);
        }
    }

    /** The folder, or the nearest one above it that exists: there it would be made. */
    private static Path existing(Path folder) {
        Path path = folder.toAbsolutePath();
        while (!Files.exists(path)) {
            path = path.getParent();
        }
        return path;
    }

    private static long freeBytes(Path folder) {
        try {
            return Files.getFileStore(folder).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + " cannot be looked at", e);
        }
    }

    private static String owner(Path file) {
        try {
            return Files.getOwner(file, LinkOption.NOFOLLOW_LINKS).getName();
        } catch (IOException | UnsupportedOperationException e) {
            // Such as a file that is gone meanwhile: a remark only, which must not fail the section.
            return "unknown";
        }
    }
}
