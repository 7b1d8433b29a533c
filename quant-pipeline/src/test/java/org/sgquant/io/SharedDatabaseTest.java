package org.sgquant.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.FormatException;

class SharedDatabaseTest {

    private static final SharedDatabase.Kind KIND = new SharedDatabase.Kind(
            "notebook", 0x4e4f5445, 1, List.of("CREATE TABLE IF NOT EXISTS note (text TEXT)"), FormatException::new);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "lustre", "ceph", "beegfs"})
    void aNetworkFileSystemIsRefusedInOneSentence(String type) throws Exception {
        Path real = folder.toRealPath();
        MountTable mounts = new MountTable("50 27 0:60 / %s rw - %s server:/export rw".formatted(real, type));
        Path file = folder.resolve("notes.sqlite");
        assertThatThrownBy(() -> SharedDatabase.open(file, KIND, mounts))
                .isInstanceOf(FormatException.class)
                .hasMessage(file + ": the notebook lies on a network file system (" + type + " at " + real
                        + "), where processes cannot share it safely: put it on a local disk");
        assertThat(file).doesNotExist();
    }

    @Test
    void localFileSystemsAreTaken() throws Exception {
        Path real = folder.toRealPath();
        for (String type : List.of("ext4", "tmpfs", "overlay", "fuse.fuse-overlayfs")) {
            MountTable mounts = new MountTable("50 27 0:60 / %s rw - %s disk rw".formatted(real, type));
            SharedDatabase.open(folder.resolve(type + ".sqlite"), KIND, mounts).close();
        }
    }

    @Test
    void aTransactionIsAllOrNothingAndMayBePartOfAnother() {
        try (SharedDatabase notes = SharedDatabase.open(folder.resolve("notes.sqlite"), KIND)) {
            notes.write(connection -> {
                add(notes, "a");
                return add(notes, "b");
            });
            assertThatThrownBy(() -> notes.write(connection -> {
                        add(notes, "c");
                        throw new IllegalStateException("stop");
                    }))
                    .hasMessage("stop");
            assertThatThrownBy(() -> notes.write(connection -> {
                        add(notes, "d");
                        throw new SQLException("no");
                    }))
                    .hasMessageContaining("the notebook cannot be used: no");
            assertThatThrownBy(() -> notes.write(connection -> {
                        add(notes, "e");
                        throw new AssertionError("an error, too");
                    }))
                    .hasMessage("an error, too")
                    .hasNoSuppressedExceptions();
            assertThat(count(notes)).isEqualTo(2);
        }
    }

    /** Where nothing can be written, too, what a live writer committed is seen, and nothing is left beside the file. */
    @Test
    void aLookWithoutWritingSeesTheLogOfAWriter() throws Exception {
        Path file = folder.resolve("notes.sqlite");
        try (SharedDatabase notes = SharedDatabase.open(file, KIND)) {
            add(notes, "a");
            assertThat(folder.resolve("notes.sqlite-wal")).isNotEmptyFile();
            assertThat(countBy(file)).isEqualTo(1);
            add(notes, "b");
            assertThat(countBy(file)).isEqualTo(2);
        }
        assertThat(countBy(file)).isEqualTo(2);
        try (var left = Files.list(folder)) {
            assertThat(left).containsExactly(file);
        }
    }

    private static int countBy(Path file) {
        try (SharedDatabase looked = SharedDatabase.look(file, KIND, false)) {
            return count(looked);
        }
    }

    private static int count(SharedDatabase notes) {
        return notes.read(connection -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery("SELECT count(*) FROM note")) {
                return row.getInt(1);
            }
        });
    }

    private static boolean add(SharedDatabase notes, String text) {
        return notes.write(connection -> {
            try (var insert = connection.prepareStatement("INSERT INTO note VALUES (?)")) {
                insert.setString(1, text);
                return insert.execute();
            }
        });
    }

    @Test
    void afterItWasAbandonedEveryoneWaitsForTheEnd() throws Exception {
        SharedDatabase notes = SharedDatabase.open(folder.resolve("notes.sqlite"), KIND);
        notes.abandon();
        notes.abandon();
        Thread late = Thread.ofPlatform().daemon().start(() -> add(notes, "late"));
        late.interrupt();
        late.join(200);
        assertThat(late.isAlive()).isTrue();
    }
}
