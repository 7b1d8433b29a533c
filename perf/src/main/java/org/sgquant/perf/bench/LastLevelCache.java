package org.sgquant.perf.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The last cache before memory, as Linux describes it. */
final class LastLevelCache {

    private static final Path CACHES = Path.of("/sys/devices/system/cpu/cpu0/cache");
    private static final int LEVELS = 5;

    private LastLevelCache() {}

    /** Whether {@code bytes} fit, null where the system does not tell. */
    static Boolean holds(long bytes) {
        OptionalLong size = bytes();
        return size.isPresent() ? Boolean.valueOf(bytes <= size.getAsLong()) : null;
    }

    /** Its size; empty where the system does not tell. */
    static OptionalLong bytes() {
        for (int i = LEVELS; i >= 0; i--) {
            Path file = CACHES.resolve("index" + i + "/size");
            if (Files.isReadable(file)) {
                try {
                    return parse(Files.readString(file).strip());
                } catch (IOException e) {
                    return OptionalLong.empty();
                }
            }
        }
        return OptionalLong.empty();
    }

    /** {@code 32768K} in bytes; empty for another form. */
    static OptionalLong parse(String size) {
        return size.matches("[0-9]{1,12}K")
                ? OptionalLong.of(Long.parseLong(size.substring(0, size.length() - 1)) << 10)
                : OptionalLong.empty();
    }
}
