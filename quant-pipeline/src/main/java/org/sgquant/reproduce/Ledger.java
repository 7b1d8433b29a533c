package org.sgquant.reproduce;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32C;
import org.sgquant.data.FormatException;
import org.sqlite.SQLiteErrorCode;

/**
 * Finished results of a table by key, and who is working on which, in one SQLite file that processes share.
 *
 * <p>A key is claimed in one transaction, so no two workers hold it, in one process or in several. A claim ends with
 * its result, or with its worker: when the process is gone, or has given no sign of life for a minute (from another
 * container its process id says nothing). The file is in WAL mode with {@code synchronous=FULL}: whatever kills the
 * process, what was finished stays. WAL needs a local disk. Every result carries a CRC-32C. All methods are
 * thread-safe.
 */
public final class Ledger implements AutoCloseable {

    /** Marks the file as ours ("SGQR"), with the version of its tables. */
    private static final int APPLICATION = 0x53475152;

    private static final int FORMAT = 1;
    private static final int BUSY_MILLISECONDS = 60_000;
    private static final long BEAT_MILLISECONDS = 5_000;
    private static final long DEAD_MILLISECONDS = 60_000;

    private final Path file;
    private final Connection connection;
    private final String owner = UUID.randomUUID().toString();
    private final long pid = ProcessHandle.current().pid();
    private final String namespace = namespace();
    private final Thread heart;
    private FormatException heartFailure;

    private Ledger(Path file, Connection connection) {
        this.file = file;
        this.connection = connection;
        this.heart = Thread.ofPlatform().daemon().name("ledger-heart").unstarted(this::beat);
    }

    /** A finished result: what it is, its document, and weights to start from or null. */
    public record Entry(String label, String document, byte[] weights) {}

    /** Opens the file, creating it where there is none; its folder must exist. */
    public static Ledger open(Path file) {
        if (Files.exists(file) && !Files.isWritable(file)) {
            throw new FormatException(file, "ledger", "it cannot be written");
        }
        try {
            Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
            Ledger ledger = new Ledger(file, connection);
            try {
                ledger.prepare();
            } catch (SQLException | RuntimeException e) {
                connection.close();
                throw e;
            }
            ledger.heart.start();
            return ledger;
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    private void prepare() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout=" + BUSY_MILLISECONDS);
            // Tables first: who sees those of another process that makes this file just now sees its mark, too.
            boolean empty = number(statement, "SELECT count(*) FROM sqlite_schema") == 0;
            if (!empty
                    && (number(statement, "PRAGMA application_id") != APPLICATION
                            || number(statement, "PRAGMA user_version") != FORMAT)) {
                throw new FormatException(file, "ledger", "it is no ledger of this version of sgquant");
            }
            useWal(statement);
            statement.execute("PRAGMA synchronous=FULL");
            transaction(() -> {
                statement.execute("PRAGMA application_id=" + APPLICATION);
                statement.execute("PRAGMA user_version=" + FORMAT);
                statement.execute("CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, label TEXT NOT NULL,"
                        + " document TEXT NOT NULL, weights BLOB, crc INTEGER NOT NULL)");
                statement.execute("CREATE TABLE IF NOT EXISTS claim (key TEXT PRIMARY KEY, owner TEXT NOT NULL,"
                        + " pid INTEGER NOT NULL, namespace TEXT NOT NULL, beat INTEGER NOT NULL)");
                return null;
            });
        }
    }

    /**
     * Sets WAL mode, which stays with the file. SQLite does not wait for who changes the mode at the same time: each would
     * wait for the other's shared lock. It answers that the file is busy, and the lock is gone with the statement.
     */
    private static void useWal(Statement statement) throws SQLException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(BUSY_MILLISECONDS);
        while (true) {
            try {
                statement.execute("PRAGMA journal_mode=WAL");
                return;
            } catch (SQLException e) {
                if (!isBusy(e) || System.nanoTime() - deadline > 0) {
                    throw e;
                }
            }
            // Of random length, so that those who met once do not meet again.
            LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(1_000_000, 20_000_000));
        }
    }

    private static boolean isBusy(SQLException e) {
        return (e.getErrorCode() & 0xff) == SQLiteErrorCode.SQLITE_BUSY.code;
    }

    private static int number(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            return row.getInt(1);
        }
    }

    /** The finished result of {@code key}. */
    public synchronized Optional<Entry> find(String key) {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT label, document, weights, crc FROM result WHERE key = ?")) {
            query.setString(1, key);
            try (ResultSet row = query.executeQuery()) {
                if (!row.next()) {
                    return Optional.empty();
                }
                Entry entry = new Entry(row.getString(1), row.getString(2), row.getBytes(3));
                if (row.getLong(4) != crc(entry)) {
                    throw new FormatException(file, "result '" + entry.label() + "'", "its checksum is wrong");
                }
                return Optional.of(entry);
            }
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    /** Whether {@code key} has a result. */
    public synchronized boolean has(String key) {
        try {
            return isFinished(key);
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    /** Whether {@link #claim} would answer true now. */
    public synchronized boolean isFree(String key) {
        try {
            return !isFinished(key) && !isHeld(key);
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    /** Takes {@code key} for the caller; false where it is finished, or another worker that lives has it. */
    public synchronized boolean claim(String key) {
        if (heartFailure != null) {
            throw heartFailure;
        }
        try {
            return transaction(() -> {
                if (!isFree(key)) {
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
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    private boolean isFinished(String key) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("SELECT 1 FROM result WHERE key = ?")) {
            query.setString(1, key);
            try (ResultSet row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    private boolean isHeld(String key) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT pid, namespace, beat FROM claim WHERE key = ?")) {
            query.setString(1, key);
            try (ResultSet row = query.executeQuery()) {
                return row.next() && lives(row.getLong(1), row.getString(2), row.getLong(3));
            }
        }
    }

    private boolean lives(long holder, String where, long beat) {
        boolean gone = where.equals(namespace)
                && ProcessHandle.of(holder).filter(ProcessHandle::isAlive).isEmpty();
        return !gone && System.currentTimeMillis() - beat < DEAD_MILLISECONDS;
    }

    /** Stores the result of a key that the caller claimed and ends the claim, both or neither. */
    public synchronized void finish(String key, Entry entry) {
        try {
            transaction(() -> {
                // A worker that was suspended for long may find its result made by another: they are the same.
                try (PreparedStatement insert =
                        connection.prepareStatement("INSERT OR IGNORE INTO result VALUES (?, ?, ?, ?, ?)")) {
                    insert.setString(1, key);
                    insert.setString(2, entry.label());
                    insert.setString(3, entry.document());
                    insert.setBytes(4, entry.weights());
                    insert.setLong(5, crc(entry));
                    insert.executeUpdate();
                }
                delete("key", key);
                return null;
            });
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    /** Gives {@code key} back without a result. */
    public synchronized void release(String key) {
        try (PreparedStatement delete = connection.prepareStatement("DELETE FROM claim WHERE key = ? AND owner = ?")) {
            delete.setString(1, key);
            delete.setString(2, owner);
            delete.executeUpdate();
        } catch (SQLException e) {
            throw problem(file, e);
        }
    }

    private void delete(String column, String value) throws SQLException {
        try (PreparedStatement delete = connection.prepareStatement("DELETE FROM claim WHERE " + column + " = ?")) {
            delete.setString(1, value);
            delete.executeUpdate();
        }
    }

    /** Signs of life for everything this ledger has claimed, until it is closed. */
    private void beat() {
        try {
            while (true) {
                Thread.sleep(BEAT_MILLISECONDS);
                synchronized (this) {
                    try (PreparedStatement update =
                            connection.prepareStatement("UPDATE claim SET beat = ? WHERE owner = ?")) {
                        update.setLong(1, System.currentTimeMillis());
                        update.setString(2, owner);
                        update.executeUpdate();
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            synchronized (this) {
                heartFailure = problem(file, e);
            }
        }
    }

    /** Releases what is still claimed and closes the file. */
    @Override
    public void close() {
        heart.interrupt();
        try {
            heart.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            try (connection) {
                delete("owner", owner);
            } catch (SQLException e) {
                throw problem(file, e);
            }
        }
    }

    private interface Action<T> {
        T run() throws SQLException;
    }

    /** Runs {@code action} with the file locked for writing from the start, so that it sees what no one else changes. */
    private <T> T transaction(Action<T> action) throws SQLException {
        execute("BEGIN IMMEDIATE");
        try {
            T result = action.run();
            execute("COMMIT");
            return result;
        } catch (SQLException | RuntimeException e) {
            execute("ROLLBACK");
            throw e;
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
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

    private static long crc(Entry entry) {
        CRC32C crc = new CRC32C();
        crc.update((entry.label() + "\n" + entry.document() + "\n").getBytes(StandardCharsets.UTF_8));
        if (entry.weights() != null) {
            crc.update(entry.weights());
        }
        return crc.getValue();
    }

    private static FormatException problem(Path file, SQLException e) {
        String reason = switch (e.getErrorCode() & 0xff) {
            case 5, 6 -> "another process has locked it for a minute";
            case 8 -> "it cannot be written";
            case 11, 26 -> "it is corrupt or no ledger";
            case 13 -> "the disk is full";
            case 14 -> "it cannot be opened or created";
            default -> String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown error of the database");
        };
        return new FormatException(file.toString(), "ledger", reason, "a ledger of results", e);
    }
}
