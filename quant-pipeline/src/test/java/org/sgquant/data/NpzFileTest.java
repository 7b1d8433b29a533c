package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NpzFileTest {

    @TempDir
    private Path folder;

    private Path write(byte[] bytes) {
        return Npy.write(folder.resolve("f.npz"), bytes);
    }

    @Test
    void arraysAreReadByNameStoredOrDeflated() {
        for (boolean stored : new boolean[] {false, true}) {
            try (NpzFile npz = NpzFile.open(write(Npy.zip(Map.of("a", Npy.longs(1, 2)), stored)))) {
                assertThat(npz.names()).containsExactly("a");
                assertThat(npz.get("a").ints(0, 9)).containsExactly(1, 2);
                assertThatThrownBy(() -> npz.get("b"))
                        .hasMessageEndingWith("got the arrays [a], expected an array 'b'");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"../a", "/a", "b/a", "..\\a", "C:a", ".."})
    void namesThatArePathsAreRefused(String name) {
        Path path = write(Npy.zip(Map.of(name, Npy.longs(1)), false));
        assertThatThrownBy(() -> NpzFile.open(path))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("got a path, expected a plain name");
    }

    @Test
    void aNameListedTwiceIsRefused() {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        arrays.put("aaaa", Npy.longs(1));
        arrays.put("bbbb", Npy.longs(2));
        String bytes = new String(Npy.zip(arrays, true), StandardCharsets.ISO_8859_1).replace("bbbb", "aaaa");
        Path path = write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> NpzFile.open(path))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("the name twice");
    }

    @Test
    void aFlippedBitInAnArrayFailsItsChecksum() {
        byte[] bytes = Npy.zip(Map.of("a", Npy.longs(1, 2)), true);
        int data = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("PK\1\2") - 16;
        bytes[data] ^= 4;
        try (NpzFile npz = NpzFile.open(write(bytes))) {
            assertThatThrownBy(() -> npz.get("a"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("a: got damaged data");
        }
    }

    @Test
    void anEntryThatClaimsMoreThanDeflateCanHoldIsRefusedUnread() {
        byte[] bytes = Npy.zip(Map.of("a", Npy.longs(1, 2)), false);
        int directory = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("PK\1\2");
        // Uncompressed size in the central directory.
        bytes[directory + 27] = 0x7F;
        try (NpzFile npz = NpzFile.open(write(bytes))) {
            assertThatThrownBy(() -> npz.get("a"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("expected a possible size");
        }
    }

    @Test
    void arraysNobodyAsksForMayHoldObjects() {
        Map<String, byte[]> arrays = Map.of("a", Npy.longs(1), "o", Npy.of("|O", false, new int[] {1}, new byte[8]));
        try (NpzFile npz = NpzFile.open(write(Npy.zip(arrays, false)))) {
            assertThat(npz.get("a").ints(0, 1)).containsExactly(1);
            assertThatThrownBy(() -> npz.get("o")).hasMessageContaining("pickled Python objects");
        }
    }

    @Test
    void tooManyEntriesAreRefused() {
        Map<String, byte[]> arrays = new LinkedHashMap<>();
        for (int i = 0; i <= 1000; i++) {
            arrays.put("a" + i, new byte[0]);
        }
        assertThatThrownBy(() -> NpzFile.open(write(Npy.zip(arrays, false))))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("1001 entries");
    }
}
