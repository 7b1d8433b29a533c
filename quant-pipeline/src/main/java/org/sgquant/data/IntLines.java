package org.sgquant.data;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Lines of whole numbers apart by blanks, one line at a time; empty lines are skipped. */
final class IntLines {

    /** Deflate's best case, as {@link NpzFile} allows it. */
    private static final long MAX_INFLATION = 1032;

    private final String file;
    private final byte[] text;
    private int[] numbers = new int[16];
    private int at;
    private int line;

    private IntLines(String file, byte[] text) {
        this.file = file;
        this.text = text;
        skipEmptyLines();
    }

    /** The text of an entry, named {@code file} in errors. */
    static IntLines read(ZipFile zip, ZipEntry entry, String file) throws IOException {
        long size = entry.getSize();
        if (size < 0 || size > NpyReader.maxArrayBytes() || size > MAX_INFLATION * entry.getCompressedSize()) {
            throw new FormatException(file, "entry", size + " bytes", "a text of sensible size");
        }
        try (InputStream in = zip.getInputStream(entry)) {
            return new IntLines(file, in.readAllBytes());
        }
    }

    int bytes() {
        return text.length;
    }

    boolean hasMore() {
        return at < text.length;
    }

    /** The numbers of the next line, {@code least} to {@code most} of them. */
    int[] line(int least, int most) {
        line++;
        if (!hasMore()) {
            throw error("the end of the file", "a line of numbers");
        }
        int count = 0;
        while (at < text.length && text[at] != '\n') {
            if (isBlank(text[at])) {
                at++;
                continue;
            }
            if (count == numbers.length) {
                numbers = Arrays.copyOf(numbers, 2 * count);
            }
            numbers[count++] = number();
        }
        if (count < least || count > most) {
            throw error(
                    count + (count == 1 ? " number" : " numbers"), least == most ? "" + least : "at least " + least);
        }
        at++;
        int[] result = Arrays.copyOf(numbers, count);
        skipEmptyLines();
        return result;
    }

    private int number() {
        int start = at;
        boolean negative = text[at] == '-';
        at += negative ? 1 : 0;
        long value = 0;
        int digits = 0;
        while (at < text.length && text[at] >= '0' && text[at] <= '9' && digits <= 10) {
            value = 10 * value + text[at++] - '0';
            digits++;
        }
        boolean ends = at == text.length || text[at] == '\n' || isBlank(text[at]);
        if (digits == 0 || value > Integer.MAX_VALUE || !ends) {
            int end = Math.min(text.length, start + 20);
            String shown = new String(text, start, end - start, java.nio.charset.StandardCharsets.ISO_8859_1);
            throw error("'" + shown.split("[\\s]", 2)[0] + "'", "a whole number");
        }
        return (int) (negative ? -value : value);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t' || b == '\r';
    }

    /** Moves to the next line that holds something. */
    private void skipEmptyLines() {
        int next = at;
        int empty = 0;
        while (next < text.length && (text[next] == '\n' || isBlank(text[next]))) {
            if (text[next] == '\n') {
                empty++;
                at = next + 1;
            }
            next++;
        }
        line += empty;
        at = next == text.length ? next : at;
    }

    void requireEnd() {
        if (hasMore()) {
            line++;
            throw error("further lines", "the end of the file");
        }
    }

    /** What is wrong in the line read last. */
    FormatException error(String got, String expected) {
        return new FormatException(file, "line " + line, got, expected);
    }
}
