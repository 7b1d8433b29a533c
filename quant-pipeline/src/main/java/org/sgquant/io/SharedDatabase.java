package org.sgquant.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import org.sqlite.SQLiteErrorCode;

/**
 * An SQLite file of ours that processes share, each by one connection of this class.
 *
 * <p>In WAL mode with {@code synchronous=FULL}: whatever kills a process, what it committed stays. Who finds the file
 * locked waits up to 20 seconds. WAL shares memory between processes, so a file on a network file system is refused. All
 * methods are thread-safe.
 */
public final class SharedDatabase implements AutoCloseable {

    /** Well below the minute without a sign of life after which {@link Claims} gives a worker up. */
    private static final int BUSY_SECONDS = 20;

    /** That a file may take from its first byte to its tables. */
    private static final int MAKING_SECONDS = 3;

    /**
     * What a file is.
     *
     * @param noun what messages call it
     * @param application number that marks the file as ours
     * @param format version of its tables
     * @param tables statements that create those that are not there
     * @param failure the exception of a sentence that names the file and the reason, and of its cause or null
     */
    public record Kind(
            String noun,
            int application,
            int format,
            List<String> tables,
            BiFunction<String, Throwable, RuntimeException> failure) {}

    /** Statements on the connection; none may keep it. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Connection connection) throws SQLException;
    }

    private final String name;
    private final Kind kind;
    private final Connection connection;
    private boolean writing;
    private boolean abandoned;

    private SharedDatabase(String name, Kind kind, Connection connection) {
        this.name = name;
        this.kind = kind;
        this.connection = connection;
    }

    /** Opens the file, creating it where there is none; its folder must exist. */
    public static SharedDatabase open(Path file, Kind kind) {
        return open(file, kind, MountTable.ofThisMachine());
    }

    /**
     * Opens a file that is there for reading alone: nothing in it changes, whatever is asked.
     *
     * <p>Where its folder cannot be written and nobody's log lies beside it, SQLite could not make the files that it shares
     * with writers: it is then read as if no writer came.
     */
    public static SharedDatabase look(Path file, Kind kind) {
        refuseFolder(file, kind);
        Path absolute = file.toAbsolutePath();
        return look(file, kind, Files.isWritable(absolute.getParent()) && Files.isWritable(absolute));
    }

    static SharedDatabase look(Path file, Kind kind, boolean writable) {
        Path absolute = file.toAbsolutePath();
        // The log of a writer, who lives or was killed, holds what the file does not have yet.
        boolean shared = writable || Files.exists(Path.of(absolute + "-wal"));
        String url = "jdbc:sqlite:" + absolute.toUri() + (shared ? "?mode=ro" : "?mode=ro&immutable=1");
        return connect(file.toString(), url, kind, SharedDatabase::checkLooking);
    }

    static SharedDatabase open(Path file, Kind kind, MountTable mounts) {
        refuseFolder(file, kind);
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw kind.failure.apply(
                    file + ": the " + kind.noun + " cannot be opened: " + folder + " is not a folder", null);
        }
        if (!Files.isWritable(folder) || (Files.exists(file) && !Files.isWritable(file))) {
            throw kind.failure.apply(
                    file + ": the " + kind.noun + " cannot be opened: it and its folder must be writable", null);
        }
        refuseNetwork(file, kind, mounts);
        return connect(file.toString(), "jdbc:sqlite:" + file.toAbsolutePath(), kind, SharedDatabase::prepare);
    }

    /** A database that ends with the process and is shared by its threads alone. */
    public static SharedDatabase inMemory(Kind kind) {
        return connect(kind.noun + " in memory", "jdbc:sqlite::memory:", kind, SharedDatabase::prepare);
    }

    private static void refuseFolder(Path file, Kind kind) {
        if (Files.isDirectory(file)) {
            throw kind.failure.apply(file + ": this is a folder, a " + kind.noun + " is a file", null);
        }
    }

    private static void refuseNetwork(Path file, Kind kind, MountTable mounts) {
        try {
            Path real = Files.exists(file)
                    ? file.toRealPath()
                    : file.toAbsolutePath().getParent().toRealPath();
            Optional<MountTable.Mount> network = mounts.of(real).filter(MountTable.Mount::isNetwork);
            if (network.isPresent()) {
                throw kind.failure.apply(
                        file + ": the " + kind.noun + " lies on a network file system ("
                                + network.get().type() + " at " + network.get().point()
                                + "), where processes cannot share it safely: put it on a local disk",
                        null);
            }
        } catch (IOException e) {
            throw kind.failure.apply(file + ": the " + kind.noun + " cannot be looked at: " + e.getMessage(), e);
        }
    }

    /** What is done before anybody uses a connection. */
    @FunctionalInterface
    private interface Preparation {
        void prepare(SharedDatabase database) throws SQLException;
    }

    private static SharedDatabase connect(String name, String url, Kind kind, Preparation preparation) {
        try {
            Connection connection = DriverManager.getConnection(url);
            SharedDatabase database = new SharedDatabase(name, kind, connection);
            try {
                preparation.prepare(database);
            } catch (SQLException | RuntimeException e) {
                connection.close();
                throw e;
            }
            return database;
        } catch (SQLException e) {
            throw problem(name, kind, e);
        }
    }

    private void checkLooking() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout=" + TimeUnit.SECONDS.toMillis(BUSY_SECONDS));
            statement.execute("PRAGMA query_only=1");
            awaitTables(statement);
            requireMark(statement);
            requireIntegrity(statement);
        }
    }

    /** Another process may be making the file just now: tables and mark come at once, after the empty file. */
    private static void awaitTables(Statement statement) throws SQLException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAKING_SECONDS);
        while (System.nanoTime() - deadline < 0) {
            try {
                if (number(statement, "SELECT count(*) FROM sqlite_schema") > 0) {
                    return;
                }
            } catch (SQLException e) {
                if (!isBusy(e)) {
                    throw e;
                }
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    private void requireMark(Statement statement) throws SQLException {
        if (number(statement, "PRAGMA application_id") != kind.application
                || number(statement, "PRAGMA user_version") != kind.format) {
            throw kind.failure.apply(name + ": this is no " + kind.noun + " of this version of sgquant", null);
        }
    }

    private void prepare() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout=" + TimeUnit.SECONDS.toMillis(BUSY_SECONDS));
            // Tables first: who sees those of another process that makes this file just now sees its mark, too.
            if (number(statement, "SELECT count(*) FROM sqlite_schema") > 0) {
                requireMark(statement);
            }
            useWal(statement);
            statement.execute("PRAGMA synchronous=FULL");
            write(c -> {
                statement.execute("PRAGMA application_id=" + kind.application);
                statement.execute("PRAGMA user_version=" + kind.format);
                for (String table : kind.tables) {
                    statement.execute(table);
                }
                return null;
            });
            requireIntegrity(statement);
        }
    }

    private void requireIntegrity(Statement statement) throws SQLException {
        try (ResultSet check = statement.executeQuery("PRAGMA integrity_check(1)")) {
            if (!check.next() || !"ok".equals(check.getString(1))) {
                throw kind.failure.apply(
                        name + ": the " + kind.noun + " is corrupt: "
                                + check.getString(1).lines().reduce("", (first, last) -> last),
                        null);
            }
        }
    }

    /**
     * Sets WAL mode, which stays with the file. SQLite does not wait for who changes the mode at the same time: each would
     * wait for the other's shared lock. It answers that the file is busy, and the lock is gone with the statement.
     */
    private static void useWal(Statement statement) throws SQLException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(BUSY_SECONDS);
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

    /** The file, as messages name it. */
    public String name() {
        return name;
    }

    /** Runs {@code work}, which changes nothing. */
    public synchronized <T> T read(Work<T> work) {
        waitIfAbandoned();
        try {
            return work.run(connection);
        } catch (SQLException e) {
            throw problem(name, kind, e);
        }
    }

    /**
     * Runs {@code work} as one transaction, all of it or nothing; it has the file locked for writing from the start, so
     * that it sees what no one else changes. Called within another one's work, it is a part of that.
     */
    public synchronized <T> T write(Work<T> work) {
        waitIfAbandoned();
        if (writing) {
            return read(work);
        }
        writing = true;
        try {
            execute("BEGIN IMMEDIATE");
            try {
                T result = work.run(connection);
                execute("COMMIT");
                return result;
            } catch (Throwable e) {
                rollBack(e);
                throw e;
            }
        } catch (SQLException e) {
            throw problem(name, kind, e);
        } finally {
            writing = false;
        }
    }

    /** On some errors, as a full disk, SQLite has rolled back already and says so. */
    private void rollBack(Throwable reason) {
        try {
            execute("ROLLBACK");
        } catch (SQLException e) {
            reason.addSuppressed(e);
        }
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /**
     * Closes the file for good while other threads still work: for a process that is about to end. Whoever asks for
     * anything afterwards waits for that end.
     */
    public synchronized void abandon() {
        if (!abandoned) {
            try {
                close();
            } finally {
                abandoned = true;
            }
        }
    }

    private void waitIfAbandoned() {
        while (abandoned) {
            try {
                wait();
            } catch (InterruptedException ignored) {
                // The process ends: there is nobody left to tell.
            }
        }
    }

    @Override
    public synchronized void close() {
        waitIfAbandoned();
        try {
            connection.close();
        } catch (SQLException e) {
            throw problem(name, kind, e);
        }
    }

    private static RuntimeException problem(String name, Kind kind, SQLException e) {
        String reason = switch (e.getErrorCode() & 0xff) {
            case 5, 6 -> "another process has locked it for " + BUSY_SECONDS + " seconds";
            case 8 -> "it cannot be written";
            case 11, 26 -> "it is corrupt or no " + kind.noun;
            case 13 -> "the disk is full";
            case 14 -> "it cannot be opened or created";
            default -> String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown error of the database");
        };
        return kind.failure.apply(name + ": the " + kind.noun + " cannot be used: " + reason, e);
    }
}
