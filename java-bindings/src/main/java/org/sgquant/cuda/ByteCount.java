package org.sgquant.cuda;

import java.util.Locale;

/** Bytes in words: 512 bytes, 1.5 KiB, 2.0 MiB, 80.0 GiB. */
public final class ByteCount {

    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB"};
    private static final double STEP = 1024;

    private ByteCount() {}

    public static String format(long bytes) {
        if (bytes < STEP) {
            return bytes + (bytes == 1 ? " byte" : " bytes");
        }
        double amount = bytes / STEP;
        int unit = 0;
        while (amount >= STEP && unit < UNITS.length - 1) {
            amount /= STEP;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
    }
}
