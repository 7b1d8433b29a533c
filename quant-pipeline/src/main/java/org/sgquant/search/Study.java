package org.sgquant.search;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/**
 * The trials of one search, each committed as it ends, in one SQLite file or in memory.
 *
 * <p>The header says what the trials belong to: format, time of creation, the caller's fingerprint (data, model,
 * configuration) and, from the first {@link Search#run} on, the search itself. Opening or continuing a study under
 * anything else is refused. Every row carries a CRC-32C, since SQLite itself does not notice a changed value.
 *
 * <p>The file is in WAL mode with {@code synchronous=FULL}: a killed process and a power failure lose at most the
 * trials being measured. An fsync takes milliseconds, a trial seconds. One process at a time: the lock is held until
 * {@link #close}. WAL and locks need a local disk. All methods are thread-safe.
 */
public final class Study implements AutoCloseable {

    private static final String FORMAT = "sgquant study 2";

    /** Enough for the lock of a process that was just killed to go. */
    private static final int BUSY_MILLISECONDS = 500;

    private final String name;
    private final Connection connection;

    private Study(String name, Connection connection) {
        this.name = name;
        this.connection = connection;
    }

    /** A study that ends with the process. */
    public static Study inMemory() {
        return open("study in memory", "jdbc:sqlite::memory:", Map.of());
    }

    /**
     * Creates the study, or continues the one that is there.
     *
     * @param file in a folder that exists, on a local disk
     * @param fingerprint what makes trials comparable, such as a hash of the data and the model's settings
     * @throws StudyException if the file is corrupt, in use, not writable or of another fingerprint
     */
    public static Study open(Path file, Map<String, String> fingerprint) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new StudyException(file + ": cannot be opened: " + folder + " is not a folder");
        }
        if (!Files.isWritable(folder) || (Files.exists(file) && !Files.isWritable(file))) {
            throw new StudyException(file + ": cannot be opened: the study and its folder must be writable");
        }
        return open(file.toString(), "jdbc:sqlite:" + file.toAbsolutePath(), fingerprint);
    }

    private static Study open(String name, String url, Map<String, String> fingerprint) {
        Connection connection = null;
        try {
            connection = DriverManager.getConnection(url);
            Study study = new Study(name, connection);
            study.prepare();
            study.bind(fingerprint);
            study.trials();
            return study;
        } catch (SQLException e) {
            throw abandon(connection, problem(name, e));
        } catch (StudyException e) {
            throw abandon(connection, e);
        }
    }

    private static StudyException abandon(Connection connection, StudyException reason) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException e) {
                reason.addSuppressed(e);
            }
        }
        return reason;
    }

    private void prepare() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout=" + BUSY_MILLISECONDS);
            statement.execute("PRAGMA locking_mode=EXCLUSIVE");
            statement.execute("PRAGMA journal_mode=WAL");
            statement.execute("PRAGMA synchronous=FULL");
            try (ResultSet check = statement.executeQuery("PRAGMA integrity_check(1)")) {
                if (!check.next() || !"ok".equals(check.getString(1))) {
                    throw new StudyException(name + ": the study is corrupt: "
                            + check.getString(1).lines().reduce("", (first, last) -> last));
                }
            }
            statement.execute("BEGIN IMMEDIATE");
            statement.execute(
                    "CREATE TABLE IF NOT EXISTS header (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL)");
            statement.execute("CREATE TABLE IF NOT EXISTS trial (number INTEGER PRIMARY KEY, round INTEGER NOT NULL, "
                    + "bits TEXT NOT NULL UNIQUE, validation_accuracy REAL NOT NULL, "
                    + "bytes INTEGER NOT NULL, inner_bytes INTEGER NOT NULL, latency_seconds REAL, "
                    + "stored_bytes INTEGER NOT NULL, seconds REAL NOT NULL, feasible INTEGER NOT NULL, "
                    + "crc INTEGER NOT NULL)");
            Map<String, String> header = header();
            if (header.isEmpty()) {
                put("study.format", FORMAT);
                put(
                        "study.created",
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
            } else if (!FORMAT.equals(header.get("study.format"))) {
                throw new StudyException(
                        name + ": the format is '" + header.get("study.format") + "', expected '" + FORMAT + "'");
            }
            statement.execute("COMMIT");
        }
    }

    /** Stores {@code entries} where the header has none of these keys, and refuses entries that differ. */
    synchronized void bind(Map<String, String> entries) {
        Map<String, String> header = header();
        List<String> differences = entries.entrySet().stream()
                .filter(entry -> header.containsKey(entry.getKey())
                        && !header.get(entry.getKey()).equals(entry.getValue()))
                .map(entry -> entry.getKey() + " is '" + header.get(entry.getKey()) + "' in the study and '"
                        + entry.getValue() + "' now")
                .sorted()
                .toList();
        if (!differences.isEmpty()) {
            throw new StudyException(name + ": the study belongs to another search: " + String.join(", ", differences));
        }
        try {
            connection.setAutoCommit(false);
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                if (!header.containsKey(entry.getKey())) {
                    put(entry.getKey(), entry.getValue());
                }
            }
            connection.commit();
            connection.setAutoCommit(true);
        } catch (SQLException e) {
            throw problem(name, e);
        }
    }

    /** Format, time of creation, fingerprint, and strategy, seed, space and constraint once a search has run. */
    public synchronized Map<String, String> header() {
        Map<String, String> header = new LinkedHashMap<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT key, value, crc FROM header ORDER BY rowid")) {
            while (rows.next()) {
                check(rows.getLong(3), rows.getString(1), rows.getString(2));
                header.put(rows.getString(1), rows.getString(2));
            }
        } catch (SQLException e) {
            throw problem(name, e);
        }
        return header;
    }

    /** Finished trials, by number. */
    public synchronized List<Trial> trials() {
        List<Trial> trials = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT number, round, bits, validation_accuracy, bytes, inner_bytes, latency_seconds,"
                                + " stored_bytes, seconds, feasible, crc FROM trial ORDER BY number")) {
            while (row.next()) {
                trials.add(trial(row));
            }
        } catch (SQLException e) {
            throw problem(name, e);
        }
        return trials;
    }

    private Trial trial(ResultSet row) throws SQLException {
        double latency = row.getDouble(7);
        if (row.wasNull()) {
            latency = Double.NaN;
        }
        String bits = row.getString(3);
        // Checked before anything is made of the values, so that a damaged one cannot throw on its own.
        check(
                row.getLong(11),
                row.getInt(1),
                row.getInt(2),
                bits,
                row.getDouble(4),
                row.getLong(5),
                row.getLong(6),
                latency,
                row.getLong(8),
                row.getDouble(9),
                row.getBoolean(10));
        List<Integer> widths =
                List.of(bits.split(" ")).stream().map(Integer::valueOf).toList();
        Measurement measurement = new Measurement(
                row.getDouble(4), new Cost(row.getLong(5), row.getLong(6), latency), row.getLong(8), row.getDouble(9));
        return new Trial(row.getInt(1), row.getInt(2), widths, measurement, row.getBoolean(10));
    }

    /** Commits one trial; the number and the configuration must be new. */
    public synchronized void add(Trial trial) {
        Measurement m = trial.measurement();
        String bits = trial.bits().stream().map(String::valueOf).collect(Collectors.joining(" "));
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            insert.setInt(1, trial.number());
            insert.setInt(2, trial.round());
            insert.setString(3, bits);
            insert.setDouble(4, m.validationAccuracy());
            insert.setLong(5, m.cost().bytes());
            insert.setLong(6, m.cost().innerBytes());
            insert.setDouble(7, m.cost().latencySeconds());
            insert.setLong(8, m.storedBytes());
            insert.setDouble(9, m.seconds());
            insert.setBoolean(10, trial.feasible());
            insert.setLong(
                    11,
                    crc(
                            trial.number(),
                            trial.round(),
                            bits,
                            m.validationAccuracy(),
                            m.cost().bytes(),
                            m.cost().innerBytes(),
                            m.cost().latencySeconds(),
                            m.storedBytes(),
                            m.seconds(),
                            trial.feasible()));
            insert.executeUpdate();
        } catch (SQLException e) {
            throw problem(name, e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw problem(name, e);
        }
    }

    private void put(String key, String value) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO header VALUES (?, ?, ?)")) {
            insert.setString(1, key);
            insert.setString(2, value);
            insert.setLong(3, crc(key, value));
            insert.executeUpdate();
        }
    }

    private void check(long crc, Object... values) {
        if (crc != crc(values)) {
            throw new StudyException(name + ": the study is corrupt: the checksum of row '" + values[0] + "' is wrong");
        }
    }

    private static long crc(Object... values) {
        CRC32C crc = new CRC32C();
        for (Object value : values) {
            crc.update((value + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return crc.getValue();
    }

    private static StudyException problem(String name, SQLException e) {
        String reason = switch (e.getErrorCode() & 0xff) {
            case 5, 6 -> "another process is using it";
            case 8 -> "it cannot be written";
            case 11, 26 -> "it is corrupt or not a study";
            case 13 -> "the disk is full";
            case 14 -> "the file cannot be opened or created";
            default -> String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown error of the database");
        };
        return new StudyException(name + ": the study cannot be used: " + reason, e);
    }
}
