package org.sgquant.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Who works on what, as leases in a {@link SharedDatabase}.
 *
 * <p>A key is taken in one transaction, so no two workers hold it, in one process or in several. A claim ends when it is
 * released, or with its worker: when the process is gone, or has given no sign of life for a minute (from another
 * container its process id says nothing). A thread gives these signs until {@link #close}.
 */
public final class Claims implements AutoCloseable {

    /** Creates the table of claims; a part of the database's {@link SharedDatabase.Kind}. */
    public static final String TABLE = "CREATE TABLE IF NOT EXISTS claim (key TEXT PRIMARY KEY, owner TEXT NOT NULL,"
            + " pid INTEGER NOT NULL, namespace TEXT NOT NULL, beat INTEGER NOT NULL)";

    private static final long BEAT_MILLISECONDS = 5_000;
    private static final long DEAD_MILLISECONDS = 60_000;

    private final SharedDatabase database;
    private final long pid = ProcessHandle.current().pid();
    private final String owner = pid + "-" + UUID.randomUUID().toString().substring(0, 8);
    private final String namespace = namespace();

    /** Null for who only looks. */
    private final Thread heart;

    private volatile RuntimeException heartFailure;

    /** Of a worker, which gives signs of life. */
    public Claims(SharedDatabase database) {
        this.database = database;
        this.heart = Thread.ofPlatform().daemon().name("claims-heart").start(this::beat);
    }

    private Claims(SharedDatabase database, Thread heart) {
        this.database = database;
        this.heart = heart;
    }

    /** To look at the claims of workers by one who is none. */
    public static Claims of(SharedDatabase database) {
        return new Claims(database, null);
    }

    /** A claim whose worker lives. */
    public record Claim(String key, String owner) {}

    /** This worker: its process id and a random word. */
    public String owner() {
        return owner;
    }

    /** Takes {@code key} for the caller; false where a worker that lives has it, be it this one. */
    public boolean take(String key) {
        if (heartFailure != null) {
            throw heartFailure;
        }
        return database.write(connection -> {
            if (isHeld(key)) {
                return false;
            }
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?)")) {
                insert.setString(1, key);
                insert.setString(2, owner);
                insert.setLong(3, pid);
                insert.setString(4, namespace);
                insert.setLong(5, System.currentTimeMillis());
                insert.executeUpdate();
            }
            return true;
        });
    }

    /** Whether {@link #take} would answer false now. */
    public boolean isHeld(String key) {
        return database.read(connection -> {
            try (PreparedStatement query =
                    connection.prepareStatement("SELECT pid, namespace, beat FROM claim WHERE key = ?")) {
                query.setString(1, key);
                try (ResultSet row = query.executeQuery()) {
                    return row.next() && lives(row.getLong(1), row.getString(2), row.getLong(3));
                }
            }
        });
    }

    /** All claims that are held, by key. */
    public List<Claim> held() {
        return database.read(connection -> {
            List<Claim> held = new ArrayList<>();
            try (Statement query = connection.createStatement();
                    ResultSet row =
                            query.executeQuery("SELECT key, owner, pid, namespace, beat FROM claim ORDER BY key")) {
                while (row.next()) {
                    if (lives(row.getLong(3), row.getString(4), row.getLong(5))) {
                        held.add(new Claim(row.getString(1), row.getString(2)));
                    }
                }
            }
            return held;
        });
    }

    private boolean lives(long holder, String where, long beat) {
        boolean gone = where.equals(namespace)
                && ProcessHandle.of(holder).filter(ProcessHandle::isAlive).isEmpty();
        return !gone && System.currentTimeMillis() - beat < DEAD_MILLISECONDS;
    }

    /** Gives {@code key} back, if this worker has it. */
    public void release(String key) {
        database.write(connection -> delete(connection, "key = ? AND owner = ?", key, owner));
    }

    /** Gives back what this worker has. */
    public void releaseAll() {
        database.write(connection -> delete(connection, "owner = ?", owner));
    }

    private static int delete(Connection connection, String which, String... values) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement("DELETE FROM claim WHERE " + which)) {
            for (int i = 0; i < values.length; i++) {
                delete.setString(i + 1, values[i]);
            }
            return delete.executeUpdate();
        }
    }

    private void beat() {
        try {
            while (true) {
                Thread.sleep(BEAT_MILLISECONDS);
                database.write(connection -> {
                    try (PreparedStatement update =
                            connection.prepareStatement("UPDATE claim SET beat = ? WHERE owner = ?")) {
                        update.setLong(1, System.currentTimeMillis());
                        update.setString(2, owner);
                        return update.executeUpdate();
                    }
                });
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            heartFailure = e;
        }
    }

    /** Process ids mean something only within this. */
    private static String namespace() {
        Path link = Path.of("/proc/self/ns/pid");
        try {
            return Files.exists(link) ? Files.readSymbolicLink(link).toString() : System.getProperty("os.name");
        } catch (IOException e) {
            throw new UncheckedIOException(link + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Gives back what is still claimed; the database stays open. */
    @Override
    public void close() {
        if (heart == null) {
            return;
        }
        heart.interrupt();
        try {
            heart.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        releaseAll();
    }
}
