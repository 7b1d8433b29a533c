package org.sgquant.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the npy format, versions 1 to 3: magic, version, header length, a Python dictionary, the elements.
 *
 * <p>Nothing is allocated before the header's shape was found to match the bytes that are there. Source: the format's
 * description in NumPy Enhancement Proposal 1.
 */
final class NpyReader {

    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int MAX_HEADER = 1 << 16;
    private static final int MAX_DIMENSIONS = 32;
    private static final long GIGABYTE = 1L << 30;
    private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']{0,32})'");
    private static final Pattern DESCR_LIST = Pattern.compile("'descr'\\s*:\\s*\\[");
    private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
    private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9, ]*)\\)");

    private NpyReader() {}

    /** Most bytes of one array: 1 GiB, less where the heap is small. */
    static long maxArrayBytes() {
        return Math.min(GIGABYTE, Runtime.getRuntime().maxMemory() / 4);
    }

    static NpyArray read(Path path) {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
            return read(in, Files.size(path), path.toString(), "array");
        } catch (IOException e) {
            throw FormatException.unreadable(path, "a readable npy file", e);
        }
    }

    /** Reads one array of {@code length} bytes, header included, and leaves {@code in} behind it. */
    static NpyArray read(InputStream in, long length, String file, String place) throws IOException {
        if (length > maxArrayBytes()) {
            throw new FormatException(file, place, length + " bytes", "at most " + maxArrayBytes());
        }
        byte[] start = in.readNBytes(8);
        for (int i = 0; i < MAGIC.length; i++) {
            if (start.length < 8 || start[i] != MAGIC[i]) {
                throw new FormatException(file, place, "other first bytes", "an npy array");
            }
        }
        int version = start[6];
        if (version < 1 || version > 3) {
            throw new FormatException(file, place, "npy version " + version, "1, 2 or 3");
        }
        int lengthBytes = version == 1 ? 2 : 4;
        byte[] lengthField = in.readNBytes(lengthBytes);
        long headerLength = 0;
        for (int i = lengthField.length - 1; i >= 0; i--) {
            headerLength = headerLength << 8 | (lengthField[i] & 0xFF);
        }
        long left = length - 8 - lengthBytes - headerLength;
        if (lengthField.length < lengthBytes || headerLength > MAX_HEADER || left < 0) {
            throw new FormatException(
                    file, place, "a header of " + headerLength + " bytes in " + length, "a header that fits");
        }
        String header = new String(in.readNBytes((int) headerLength), StandardCharsets.ISO_8859_1);
        return body(header, in, left, file, place);
    }

    private static NpyArray body(String header, InputStream in, long left, String file, String place)
            throws IOException {
        if (DESCR_LIST.matcher(header).find()) {
            throw new FormatException(file, place, "a structured type", "numbers of one type");
        }
        String descr = field(DESCR, header, "descr", file, place);
        NpyType.Sized type = NpyType.parse(descr, file, place);
        boolean fortran = field(ORDER, header, "fortran_order", file, place).equals("True");
        int[] shape = shape(field(SHAPE, header, "shape", file, place), file, place);
        long bytes = NpyArray.byteSize(shape, type.bytes());
        if (bytes != left) {
            throw new FormatException(
                    file,
                    place,
                    left + " bytes of data",
                    (bytes < 0 ? "far more" : Long.toString(bytes)) + " for the shape in its header");
        }
        byte[] data = in.readNBytes((int) left);
        if (data.length != left) {
            throw new FormatException(file, place, data.length + " bytes of data", left + " (truncated)");
        }
        return new NpyArray(file, place, descr, fortran, shape, data);
    }

    private static String field(Pattern pattern, String header, String name, String file, String place) {
        Matcher matcher = pattern.matcher(header);
        if (!matcher.find()) {
            throw new FormatException(file, place, "a header without a valid '" + name + "'", "an npy header");
        }
        return matcher.group(1);
    }

    private static int[] shape(String text, String file, String place) {
        String[] parts = text.replace(" ", "").split(",", -1);
        int n = parts[parts.length - 1].isEmpty() ? parts.length - 1 : parts.length;
        if (n > MAX_DIMENSIONS) {
            throw new FormatException(file, place, n + " dimensions", "at most " + MAX_DIMENSIONS);
        }
        int[] shape = new int[n];
        for (int i = 0; i < n; i++) {
            if (!parts[i].matches("[0-9]{1,10}") || Long.parseLong(parts[i]) > Integer.MAX_VALUE) {
                throw new FormatException(file, place, "dimension '" + parts[i] + "'", "0.." + Integer.MAX_VALUE);
            }
            shape[i] = Integer.parseInt(parts[i]);
        }
        return shape;
    }
}
