package org.sgquant.perf.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import org.sgquant.tensor.FloatMatrix;

/** Matrices and lists of 32-bit numbers in files, little-endian and without padding, as {@code torch_peer.py} takes them. */
final class Files32 {

    private Files32() {}

    /** Writes {@code m} and says where it is. */
    static Map<String, Object> write(FloatMatrix m, Path file) {
        Map<String, Object> at = describe(m, file);
        map(file, bytes(m), data -> copyRows(m, data, true));
        return at;
    }

    /** Makes the file for a matrix of the shape of {@code m} and says where it is. */
    static Map<String, Object> reserve(FloatMatrix m, Path file) {
        map(file, bytes(m), data -> {});
        return describe(m, file);
    }

    static Map<String, Object> write(int[] values, Path file) {
        map(
                file,
                (long) values.length * Integer.BYTES,
                data -> MemorySegment.copy(values, 0, data, ValueLayout.JAVA_INT, 0, values.length));
        return Map.of("file", file.toString(), "size", values.length);
    }

    /** Reads {@code m} from {@code file}. */
    static void read(Path file, FloatMatrix m) {
        map(file, bytes(m), data -> copyRows(m, data, false));
    }

    private static Map<String, Object> describe(FloatMatrix m, Path file) {
        return Map.of("file", file.toString(), "rows", m.rows(), "cols", m.cols());
    }

    private static long bytes(FloatMatrix m) {
        return (long) m.rows() * m.cols() * Float.BYTES;
    }

    private static void copyRows(FloatMatrix m, MemorySegment data, boolean out) {
        long row = (long) m.cols() * Float.BYTES;
        for (int r = 0; r < m.rows(); r++) {
            if (out) {
                MemorySegment.copy(m.data(), m.rowOffset(r), data, r * row, row);
            } else {
                MemorySegment.copy(data, r * row, m.data(), m.rowOffset(r), row);
            }
        }
    }

    private interface Use {
        void accept(MemorySegment data);
    }

    private static void map(Path file, long bytes, Use use) {
        try (FileChannel channel = FileChannel.open(
                        file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            use.accept(channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena));
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written or read: " + e.getMessage(), e);
        }
    }
}
