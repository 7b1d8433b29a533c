package org.sgquant.report;

import java.util.Locale;

/** Numbers as people read them: {@code 81.59 %}, {@code 1.21 MiB}, {@code 1.90 ms}. */
final class Amounts {

    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;

    private Amounts() {}

    /** A unit that several sizes share, so that they can be compared at a glance. */
    record SizeUnit(String name, long bytes) {

        /** The unit in which the largest of some sizes has at most four digits before the point. */
        static SizeUnit suiting(long largest) {
            if (largest < 10 * KIB) {
                return new SizeUnit("B", 1);
            }
            return largest < 10 * MIB ? new SizeUnit("KiB", KIB) : new SizeUnit("MiB", MIB);
        }

        double count(long size) {
            return (double) size / bytes;
        }

        String number(long size) {
            return bytes == 1 ? format("%d", size) : format("%.1f", count(size));
        }
    }

    static String format(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }

    static String bytes(long bytes) {
        SizeUnit unit = SizeUnit.suiting(bytes);
        return unit.number(bytes) + " " + unit.name();
    }

    static String seconds(double seconds) {
        if (seconds < 1e-3) {
            return format("%.0f µs", seconds * 1e6);
        }
        return seconds < 1 ? format("%.2f ms", seconds * 1e3) : format("%.1f s", seconds);
    }

    /** Three digits that count, whatever the magnitude. */
    static String plain(double value) {
        return format("%.3g", value);
    }
}
