package org.sgquant.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes npy and npz fixtures; {@code values} are in C order unless {@code fortran}. */
final class Npy {

    private Npy() {}

    static byte[] of(String descr, boolean fortran, int[] shape, double... values) {
        ByteBuffer data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (double v : values) {
            switch (descr.substring(1)) {
                case "f2" -> data.putShort(Float.floatToFloat16((float) v));
                case "f4" -> data.putFloat((float) v);
                case "f8" -> data.putDouble(v);
                case "i1", "u1", "b1" -> data.put((byte) (int) v);
                case "i4" -> data.putInt((int) v);
                default -> data.putLong((long) v);
            }
        }
        return of(descr, fortran, shape, Arrays.copyOf(data.array(), data.position()));
    }

    static byte[] of(String descr, boolean fortran, int[] shape, byte[] data) {
        String sides = Arrays.stream(shape).mapToObj(d -> d + ",").collect(Collectors.joining(" "));
        return withHeader(
                "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': (" + sides
                        + "), }",
                data);
    }

    static byte[] withHeader(String header, byte[] data) {
        byte[] text = (header + "\n").getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(10 + text.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0})
                .putShort((short) text.length)
                .put(text)
                .put(data)
                .array();
    }

    /** One-dimensional int64. */
    static byte[] longs(double... values) {
        return of("<i8", false, new int[] {values.length}, values);
    }

    /** One-dimensional float32. */
    static byte[] floats(double... values) {
        return of("<f4", false, new int[] {values.length}, values);
    }

    /** Booleans of the given shape. */
    static byte[] mask(int[] shape, double... values) {
        return of("|b1", false, shape, values);
    }

    static byte[] zip(Map<String, byte[]> arrays, boolean stored) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
                ZipEntry entry = new ZipEntry(array.getKey() + ".npy");
                if (stored) {
                    CRC32 crc = new CRC32();
                    crc.update(array.getValue());
                    entry.setMethod(ZipEntry.STORED);
                    entry.setSize(array.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                ((OutputStream) zip).write(array.getValue());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static Path write(Path path, byte[] bytes) {
        try {
            Files.createDirectories(path.getParent());
            return Files.write(path, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path write(Path path, Map<String, byte[]> arrays) {
        return write(path, zip(arrays, false));
    }
}
