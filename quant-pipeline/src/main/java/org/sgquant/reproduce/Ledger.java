package org.sgquant.reproduce;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.sgquant.data.FormatException;
import org.sgquant.io.Claims;
import org.sgquant.io.SharedDatabase;

/**
 * Finished results of a table by key, and who is working on which, in one SQLite file that processes share.
 *
 * <p>A key is claimed for one worker ({@link Claims}); its claim ends with its result, or with its worker. Every result
 * carries a CRC-32C. All methods are thread-safe.
 */
public final class Ledger implements AutoCloseable {

    /** Marks the file as ours: "SGQR". */
    private static final int APPLICATION = 0x53475152;

    private static final SharedDatabase.Kind KIND = new SharedDatabase.Kind(
            "ledger",
            APPLICATION,
            1,
            List.of(
                    "CREATE TABLE IF NOT EXISTS result (key TEXT PRIMARY KEY, label TEXT NOT NULL,"
                            + " document TEXT NOT NULL, weights BLOB, crc INTEGER NOT NULL)",
                    Claims.TABLE),
            FormatException::new);

    private final Path file;
    private final SharedDatabase database;
    private final Claims claims;

    private Ledger(Path file, SharedDatabase database) {
        this.file = file;
        this.database = database;
        this.claims = new Claims(database);
    }

    /** A finished result: what it is, its document, and weights to start from or null. */
    public record Entry(String label, String document, byte[] weights) {}

    /** Opens the file, creating it where there is none; its folder must exist. */
    public static Ledger open(Path file) {
        return new Ledger(file, SharedDatabase.open(file, KIND));
    }

    /** The finished result of {@code key}. */
    public Optional<Entry> find(String key) {
        return database.read(connection -> {
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
            }
        });
    }

    /** Whether {@code key} has a result. */
    public boolean has(String key) {
        return database.read(connection -> {
            try (PreparedStatement query = connection.prepareStatement("SELECT 1 FROM result WHERE key = ?")) {
                query.setString(1, key);
                try (ResultSet row = query.executeQuery()) {
                    return row.next();
                }
            }
        });
    }

    /** Whether {@link #claim} would answer true now. */
    public boolean isFree(String key) {
        return !has(key) && !claims.isHeld(key);
    }

    /** Takes {@code key} for the caller; false where it is finished, or another worker that lives has it. */
    public boolean claim(String key) {
        return database.write(connection -> !has(key) && claims.take(key));
    }

    /** Stores the result of a key that the caller claimed and ends the claim, both or neither. */
    public void finish(String key, Entry entry) {
        database.write(connection -> {
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
            claims.release(key);
            return null;
        });
    }

    /** Gives {@code key} back without a result. */
    public void release(String key) {
        claims.release(key);
    }

    /** Releases what is still claimed and closes the file. */
    @Override
    public void close() {
        try (database) {
            claims.close();
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
}
