package org.sgquant.search;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;
import org.sgquant.io.Claims;
import org.sgquant.io.SharedDatabase;

/**
 * The trials of one search, each committed as it ends, in one SQLite file that worker processes share, or in memory.
 *
 * <p>The header says what the trials belong to: time of creation, the caller's fingerprint (data, model, configuration,
 * code) and, from the first {@link Search#run} on, the search itself. Opening or continuing a study under anything else is
 * refused. Every row carries a CRC-32C, since SQLite itself does not notice a changed value.
 *
 * <p>A trial, and whatever is computed once for all ({@link #once}), is claimed by one worker ({@link Claims}), and its
 * claim ends with its result. A killed process and a power failure lose at most the trials being measured, which another
 * worker takes over. An fsync takes milliseconds, a trial seconds. Needs a local disk. All methods are thread-safe.
 */
public final class Study implements AutoCloseable {

    private static final SharedDatabase.Kind KIND = new SharedDatabase.Kind(
            "study",
            0x53475153, // "SGQS"
            1,
            List.of(
                    "CREATE TABLE IF NOT EXISTS header (key TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL)",
                    "CREATE TABLE IF NOT EXISTS trial (number INTEGER PRIMARY KEY, round INTEGER NOT NULL, "
                            + "bits TEXT NOT NULL UNIQUE, validation_accuracy REAL NOT NULL, "
                            + "bytes INTEGER NOT NULL, inner_bytes INTEGER NOT NULL, latency_seconds REAL, "
                            + "stored_bytes INTEGER NOT NULL, seconds REAL NOT NULL, feasible INTEGER NOT NULL, "
                            + "worker TEXT NOT NULL, ended TEXT NOT NULL, crc INTEGER NOT NULL)",
                    "CREATE TABLE IF NOT EXISTS once (key TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL)",
                    "CREATE TABLE IF NOT EXISTS goal (trials INTEGER NOT NULL)",
                    Claims.TABLE),
            StudyException::new);

    private static final String COLUMNS = "number, round, bits, validation_accuracy, bytes, inner_bytes,"
            + " latency_seconds, stored_bytes, seconds, feasible, worker, ended, crc";

    /** Key of the header: when the first worker of the first search began to prepare. */
    public static final String BEGAN = "search.began";

    private static final String TRIAL = "trial ";
    private static final String ONCE = "once ";
    private static final String ALONE = "alone";
    private static final String WORKER = "worker ";
    private static final long POLL_MILLISECONDS = 50;

    private final SharedDatabase database;
    private final Claims claims;

    private Study(SharedDatabase database, Claims claims) {
        this.database = database;
        this.claims = claims;
    }

    private static Study working(SharedDatabase database) {
        return new Study(database, new Claims(database));
    }

    /**
     * A trial as the study keeps it.
     *
     * @param worker process that measured it
     */
    public record Entry(Trial trial, String worker, Instant ended) {}

    /** A study that ends with the process. */
    public static Study inMemory() {
        return join(working(SharedDatabase.inMemory(KIND)), Map.of());
    }

    /**
     * Creates the study, or joins the one that is there as a further worker.
     *
     * @param file in a folder that exists, on a local disk
     * @param fingerprint what makes trials comparable, such as a hash of the data and the model's settings
     * @throws StudyException if the file is corrupt, not writable, on a network file system or of another fingerprint
     */
    public static Study open(Path file, Map<String, String> fingerprint) {
        return join(working(SharedDatabase.open(file, KIND)), fingerprint);
    }

    /** Opens a study that is there, to look at it: as no worker, whatever it belongs to, and without changing the file. */
    public static Study look(Path file) {
        requireThere(file);
        SharedDatabase database = SharedDatabase.look(file, KIND);
        return new Study(database, Claims.of(database));
    }

    /** Opens a study that is there as no worker, whatever it belongs to, to note something in it. */
    public static Study annotate(Path file) {
        requireThere(file);
        return working(SharedDatabase.open(file, KIND));
    }

    private static void requireThere(Path file) {
        if (!Files.exists(file)) {
            throw new StudyException(file + ": there is no such study");
        }
    }

    private static Study join(Study study, Map<String, String> fingerprint) {
        try {
            study.bind(fingerprint);
            study.trials();
            study.claims.take(WORKER + study.claims.owner());
            return study;
        } catch (RuntimeException e) {
            study.close();
            throw e;
        }
    }

    /** Stores {@code entries} where the header has none of these keys, and refuses entries that differ. */
    void bind(Map<String, String> entries) {
        database.write(connection -> {
            Map<String, String> header = header();
            if (header.isEmpty()) {
                put(
                        connection,
                        "study.created",
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
            }
            List<String> differences = entries.entrySet().stream()
                    .filter(entry -> header.containsKey(entry.getKey())
                            && !header.get(entry.getKey()).equals(entry.getValue()))
                    .map(entry -> difference(entry.getKey(), header.get(entry.getKey()), entry.getValue()))
                    .sorted()
                    .toList();
            if (!differences.isEmpty()) {
                throw new StudyException(
                        database.name() + ": the study belongs to another search: " + String.join(", ", differences));
            }
            for (Map.Entry<String, String> entry : entries.entrySet()) {
                if (!header.containsKey(entry.getKey())) {
                    put(connection, entry.getKey(), entry.getValue());
                }
            }
            return null;
        });
    }

    /** Of entries of several lines, as a recipe, only the lines that differ. */
    private static String difference(String key, String then, String now) {
        return key + " is '" + unlike(then, now) + "' in the study and '" + unlike(now, then) + "' now";
    }

    private static String unlike(String text, String other) {
        List<String> others = other.lines().toList();
        return text.lines()
                .filter(line -> !others.contains(line))
                .map(String::strip)
                .collect(Collectors.joining("; "));
    }

    /** Time of creation, fingerprint, and strategy, seed, space, objective, bounds and when it
     * began, once a search has run. */
    public Map<String, String> header() {
        return database.read(connection -> {
            Map<String, String> header = new LinkedHashMap<>();
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("SELECT key, value, crc FROM header ORDER BY rowid")) {
                while (rows.next()) {
                    check(rows.getLong(3), rows.getString(1), rows.getString(2));
                    header.put(rows.getString(1), rows.getString(2));
                }
            }
            return header;
        });
    }

    /** Notes that a search begins, unless one has before. */
    void begin() {
        database.write(connection -> {
            if (!header().containsKey(BEGAN)) {
                put(
                        connection,
                        BEGAN,
                        Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
            }
            return null;
        });
    }

    /** Says how many trials are asked for; it may change from run to run. */
    void ask(int trials) {
        database.write(connection -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("DELETE FROM goal");
                statement.execute("INSERT INTO goal VALUES (" + trials + ")");
            }
            return null;
        });
    }

    /** Trials that the last run asked for, or those it could measure where these were fewer; empty before any run. */
    public OptionalInt asked() {
        return database.read(connection -> {
            try (Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery("SELECT trials FROM goal")) {
                return row.next() ? OptionalInt.of(row.getInt(1)) : OptionalInt.empty();
            }
        });
    }

    /** Finished trials, by number. */
    public List<Trial> trials() {
        return entries().stream().map(Entry::trial).toList();
    }

    /** Finished trials, by number, with who measured them. */
    public List<Entry> entries() {
        return entries(0, Integer.MAX_VALUE);
    }

    /** The same without those beyond what the last run asked for: they are of one before it. */
    public List<Entry> askedEntries() {
        return entries(0, asked().orElse(Integer.MAX_VALUE));
    }

    /** Those of the numbers from {@code first} to below {@code end}. */
    List<Entry> entries(int first, int end) {
        return database.read(connection -> {
            List<Entry> entries = new ArrayList<>();
            try (PreparedStatement query = connection.prepareStatement(
                    "SELECT " + COLUMNS + " FROM trial WHERE number >= ? AND number < ? ORDER BY number")) {
                query.setInt(1, first);
                query.setInt(2, end);
                try (ResultSet row = query.executeQuery()) {
                    while (row.next()) {
                        entries.add(entry(row));
                    }
                }
            }
            return entries;
        });
    }

    private Entry entry(ResultSet row) throws SQLException {
        double latency = row.getDouble(7);
        if (row.wasNull()) {
            latency = Double.NaN;
        }
        String bits = row.getString(3);
        // Checked before anything is made of the values, so that a damaged one cannot throw on its own.
        check(
                row.getLong(13),
                row.getInt(1),
                row.getInt(2),
                bits,
                row.getDouble(4),
                row.getLong(5),
                row.getLong(6),
                latency,
                row.getLong(8),
                row.getDouble(9),
                row.getBoolean(10),
                row.getString(11),
                row.getString(12));
        List<Integer> widths = Widths.parse(bits, " ");
        Measurement measurement = new Measurement(
                row.getDouble(4), new Cost(row.getLong(5), row.getLong(6), latency), row.getLong(8), row.getDouble(9));
        return new Entry(
                new Trial(row.getInt(1), row.getInt(2), widths, measurement, row.getBoolean(10)),
                row.getString(11),
                Instant.parse(row.getString(12)));
    }

    /** Trials that workers that live have claimed, this one included. */
    Set<Integer> claimed() {
        return claims.held().stream()
                .map(Claims.Claim::key)
                .filter(key -> key.startsWith(TRIAL))
                .map(key -> Integer.valueOf(key.substring(TRIAL.length())))
                .collect(Collectors.toSet());
    }

    /** Takes trial {@code number} for the caller; false where it is finished, or a worker that lives has it. */
    boolean claim(int number) {
        return database.write(connection -> !has(connection, number) && claims.take(TRIAL + number));
    }

    private static boolean has(Connection connection, int number) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement("SELECT 1 FROM trial WHERE number = ?")) {
            query.setInt(1, number);
            try (ResultSet row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** Gives trial {@code number} back unfinished. */
    void release(int number) {
        claims.release(TRIAL + number);
    }

    /**
     * Commits a trial that the caller claimed and ends the claim, both or neither.
     *
     * @return the trial as the study has it: a worker that was suspended for long may find its own made by another
     */
    Trial commit(Trial trial) {
        return database.write(connection -> {
            insert(connection, trial);
            claims.release(TRIAL + trial.number());
            List<Entry> kept = entries(trial.number(), trial.number() + 1);
            if (kept.isEmpty() || !kept.getFirst().trial().bits().equals(trial.bits())) {
                throw new StudyException(database.name() + ": trial " + trial.number() + ", " + trial.names()
                        + ", has the number or the widths of another one of the study");
            }
            return kept.getFirst().trial();
        });
    }

    private void insert(Connection connection, Trial trial) throws SQLException {
        Measurement m = trial.measurement();
        Instant ended = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        Object[] values = {
            trial.number(),
            trial.round(),
            trial.names(),
            m.validationAccuracy(),
            m.cost().bytes(),
            m.cost().innerBytes(),
            m.cost().latencySeconds(),
            m.storedBytes(),
            m.seconds(),
            trial.feasible(),
            claims.owner(),
            ended.toString()
        };
        try (PreparedStatement insert = connection.prepareStatement(
                "INSERT OR IGNORE INTO trial VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
            for (int i = 0; i < values.length; i++) {
                insert.setObject(i + 1, values[i]);
            }
            insert.setLong(values.length + 1, crc(values));
            insert.executeUpdate();
        }
    }

    /** What {@link #once} made under {@code key}. */
    public Optional<byte[]> find(String key) {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement("SELECT value, crc FROM once WHERE key = ?")) {
                query.setString(1, key);
                try (ResultSet row = query.executeQuery()) {
                    if (!row.next()) {
                        return Optional.empty();
                    }
                    byte[] value = row.getBytes(1);
                    check(row.getLong(2), key, Arrays.hashCode(value));
                    return Optional.of(value);
                }
            }
        });
    }

    /**
     * What {@code make} gives, made once for the study: by the caller, while other workers wait, or by one of them.
     *
     * @throws CancellationException if the thread is interrupted while it waits
     */
    public byte[] once(String key, Supplier<byte[]> make) {
        while (true) {
            Optional<byte[]> made = tryOnce(key, make);
            if (made.isPresent()) {
                return made.get();
            }
            sleep();
        }
    }

    /** As {@link #once}, but empty, at once, while another worker makes it. */
    public Optional<byte[]> tryOnce(String key, Supplier<byte[]> make) {
        Optional<byte[]> made = find(key);
        if (made.isPresent() || claims.isHeld(ONCE + key)) {
            return made;
        }
        boolean mine = database.write(connection -> find(key).isEmpty() && claims.take(ONCE + key));
        return mine ? Optional.of(make(key, make)) : Optional.empty();
    }

    private byte[] make(String key, Supplier<byte[]> make) {
        try {
            byte[] value = make.get();
            database.write(connection -> {
                try (PreparedStatement insert =
                        connection.prepareStatement("INSERT OR IGNORE INTO once VALUES (?, ?, ?)")) {
                    insert.setString(1, key);
                    insert.setBytes(2, value);
                    insert.setLong(3, crc(key, Arrays.hashCode(value)));
                    return insert.executeUpdate();
                }
            });
            // Another worker's, if this one was suspended for so long that it was given up.
            return find(key).orElseThrow();
        } finally {
            claims.release(ONCE + key);
        }
    }

    /** Runs {@code work}, such as a timing, while no other worker of the study runs any work this way. */
    public <T> T alone(Supplier<T> work) {
        while (claims.isHeld(ALONE) || !claims.take(ALONE)) {
            sleep();
        }
        try {
            return work.get();
        } finally {
            claims.release(ALONE);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(POLL_MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while another worker was waited for");
        }
    }

    /** This worker, as {@link Entry#worker} names it. */
    public String worker() {
        return claims.owner();
    }

    /** Workers that live. */
    public List<String> workers() {
        return claims.held().stream()
                .map(Claims.Claim::key)
                .filter(key -> key.startsWith(WORKER))
                .map(key -> key.substring(WORKER.length()))
                .toList();
    }

    /**
     * Gives back what this worker has claimed and closes the study for good while threads still measure, for a process
     * that is about to end: whoever asks it for anything afterwards waits for that end.
     */
    public void abandon() {
        try {
            claims.releaseAll();
        } finally {
            database.abandon();
        }
    }

    @Override
    public void close() {
        try (database) {
            claims.close();
        }
    }

    private static void put(Connection connection, String key, String value) throws SQLException {
        try (PreparedStatement insert = connection.prepareStatement("INSERT INTO header VALUES (?, ?, ?)")) {
            insert.setString(1, key);
            insert.setString(2, value);
            insert.setLong(3, crc(key, value));
            insert.executeUpdate();
        }
    }

    private void check(long crc, Object... values) {
        if (crc != crc(values)) {
            throw new StudyException(
                    database.name() + ": the study is corrupt: the checksum of row '" + values[0] + "' is wrong");
        }
    }

    private static long crc(Object... values) {
        CRC32C crc = new CRC32C();
        for (Object value : values) {
            crc.update((value + "\n").getBytes(StandardCharsets.UTF_8));
        }
        return crc.getValue();
    }
}
