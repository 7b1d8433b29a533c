package org.sgquant.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A zip of npy arrays, opened one array at a time.
 *
 * <p>Refused: names with a path in them or listed twice, more than 1000 entries, entries that claim to inflate to more
 * than deflate can, wrong checksums. Entries that nobody asks for are never read, so a file may carry pickled objects
 * beside the arrays of interest.
 */
final class NpzFile implements AutoCloseable {

    private static final int MAX_ENTRIES = 1000;
    /** Deflate's best case: 258 bytes for two bits. */
    private static final long MAX_INFLATION = 1032;

    private final Path path;
    private final ZipFile zip;
    private final Map<String, ZipEntry> entries = new LinkedHashMap<>();

    private NpzFile(Path path, ZipFile zip) {
        this.path = path;
        this.zip = zip;
    }

    static NpzFile open(Path path) {
        NpzFile npz;
        try {
            npz = new NpzFile(path, new ZipFile(path.toFile()));
        } catch (IOException e) {
            throw FormatException.unreadable(path, "a readable npz archive", e);
        } catch (IllegalArgumentException e) {
            throw new FormatException(path.toString(), "file", "unreadable entry names", "an npz archive", e);
        }
        try {
            npz.list();
        } catch (FormatException e) {
            npz.close();
            throw e;
        }
        return npz;
    }

    private void list() {
        if (zip.size() > MAX_ENTRIES) {
            throw error("file", zip.size() + " entries", "at most " + MAX_ENTRIES);
        }
        for (Enumeration<? extends ZipEntry> e = zip.entries(); e.hasMoreElements(); ) {
            ZipEntry entry = e.nextElement();
            String name = entry.getName();
            if (name.contains("/") || name.contains("\\") || name.contains("..") || name.contains(":")) {
                throw error("entry '" + name + "'", "a path", "a plain name");
            }
            String key = name.endsWith(".npy") ? name.substring(0, name.length() - 4) : name;
            if (entries.put(key, entry) != null) {
                throw error("entry '" + name + "'", "the name twice", "it once");
            }
        }
    }

    String file() {
        return path.toString();
    }

    FormatException error(String place, String got, String expected) {
        return new FormatException(file(), place, got, expected);
    }

    Set<String> names() {
        return entries.keySet();
    }

    boolean has(String name) {
        return entries.containsKey(name);
    }

    /** Reads the array {@code name}; a missing one is an error that lists the names that are there. */
    NpyArray get(String name) {
        ZipEntry entry = entries.get(name);
        if (entry == null) {
            throw error("file", "the arrays " + entries.keySet(), "an array '" + name + "'");
        }
        long packed = entry.getCompressedSize();
        if (packed < 0 || entry.getSize() < 0 || entry.getSize() / MAX_INFLATION > packed) {
            throw error(name, entry.getSize() + " bytes out of " + packed + " packed", "a possible size");
        }
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
            NpyArray array = NpyReader.read(in, entry.getSize(), file(), name);
            if (in.read() >= 0) {
                throw error(name, "more bytes than declared", entry.getSize() + " bytes");
            }
            if (crc.getValue() != entry.getCrc()) {
                throw error(name, "damaged data", "the CRC-32 that the archive states");
            }
            return array;
        } catch (IOException e) {
            throw new FormatException(file(), name, "undecodable data (" + e.getMessage() + ")", "a zip entry", e);
        }
    }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            throw FormatException.unreadable(path, "a readable npz archive", e);
        }
    }
}
