package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NpyReaderTest {

    private static NpyArray read(byte[] bytes) {
        try {
            return NpyReader.read(new ByteArrayInputStream(bytes), bytes.length, "f.npy", "a");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"<f2", "<f4", "<f8", "|i1", "|u1", "<i4", "<i8"})
    void everyNumberTypeIsReadAsFloats(String descr) {
        assertThat(read(Npy.of(descr, false, new int[] {3}, 0, 1, 100)).floats())
                .containsExactly(0, 1, 100);
    }

    @ParameterizedTest
    @CsvSource({"|i1,-128", "|u1,255", "<i4,-2147483648", "<i8,2147483647"})
    void everyIntegerTypeIsReadAsInts(String descr, int extreme) {
        NpyArray array = read(Npy.of(descr, false, new int[] {2}, extreme, 7));
        assertThat(array.ints(Integer.MIN_VALUE, Integer.MAX_VALUE)).containsExactly(extreme, 7);
    }

    @Test
    void fortranOrderComesOutInRowOrder() {
        NpyArray plane = read(Npy.of("<i4", true, new int[] {2, 3}, 0, 3, 1, 4, 2, 5));
        assertThat(plane.ints(0, 9)).containsExactly(0, 1, 2, 3, 4, 5);
        double[] values = new double[24];
        for (int i = 0; i < 2; i++) {
            for (int j = 0; j < 3; j++) {
                for (int k = 0; k < 4; k++) {
                    values[i + 2 * (j + 3 * k)] = (i * 3 + j) * 4 + k;
                }
            }
        }
        NpyArray cube = read(Npy.of("<i8", true, new int[] {2, 3, 4}, values));
        assertThat(cube.ints(0, 23))
                .isEqualTo(java.util.stream.IntStream.range(0, 24).toArray());
    }

    @Test
    void scalarsAndEmptyArraysAreArraysToo() {
        assertThat(read(Npy.of("<f8", false, new int[0], 2.5)).floats()).containsExactly(2.5f);
        NpyArray empty = read(Npy.of("<f4", true, new int[] {0, 5}));
        assertThat(empty.floats()).isEmpty();
        assertThat(empty.rank()).isEqualTo(2);
        assertThat(read(Npy.of("|S3", false, new int[0], "csr".getBytes(StandardCharsets.US_ASCII)))
                        .text())
                .isEqualTo("csr");
    }

    @Test
    void theSecondVersionHasAWiderHeaderLength() {
        byte[] one = Npy.longs(5, 6);
        byte[] two = new byte[one.length + 2];
        System.arraycopy(one, 0, two, 0, 10);
        two[6] = 2;
        System.arraycopy(one, 10, two, 12, one.length - 10);
        assertThat(read(two).ints(0, 9)).containsExactly(5, 6);
    }

    @ParameterizedTest
    @ValueSource(strings = {">f4", "|f4", "<c8", "<U3", "<i2", "", "<", "S", "S99999", "|V8"})
    void otherTypesAreRefused(String descr) {
        assertThatThrownBy(() -> read(Npy.of(descr, false, new int[] {0}, new byte[0])))
                .isInstanceOf(FormatException.class)
                .hasMessage(
                        "f.npy: a: got type '" + descr + "', expected one of f2 f4 f8 i1 u1 i4 i8 b1, little-endian");
    }

    @Test
    void pickledObjectsAndStructuresAreRefused() {
        assertThatThrownBy(() -> read(Npy.of("|O", false, new int[] {1}, new byte[8])))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("pickled Python objects (|O)");
        String header = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }";
        assertThatThrownBy(() -> read(Npy.withHeader(header, new byte[4])))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("a structured type");
    }

    @Test
    void everyTruncationAndEveryExcessIsRefused() {
        byte[] whole = Npy.of("<f4", false, new int[] {3, 2}, 1, 2, 3, 4, 5, 6);
        for (int n = 0; n < whole.length; n++) {
            byte[] part = Arrays.copyOf(whole, n);
            assertThatThrownBy(() -> read(part)).as("%d bytes", n).isInstanceOf(FormatException.class);
        }
        assertThatThrownBy(() -> read(Arrays.copyOf(whole, whole.length + 1)))
                .isInstanceOf(FormatException.class)
                .hasMessageEndingWith("got 25 bytes of data, expected 24 for the shape in its header");
    }

    @Test
    void aShapeBeyondTheBytesIsRefusedBeforeAllocation() {
        for (String shape : new String[] {
            "2147483647, 2147483647", "99999999999,", "4294967296, 4294967296", "65536, 65536", "-1,", "1 2,", "3"
        }) {
            String header = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + shape + "), }";
            assertThatThrownBy(() -> read(Npy.withHeader(header, new byte[8])))
                    .as(shape)
                    .isInstanceOf(FormatException.class);
        }
    }

    @Test
    void valuesOfTheWrongKindNameTheirPlace() {
        assertThatThrownBy(() -> read(Npy.longs(1, 9)).ints(0, 8))
                .hasMessage("f.npy: a[1]: got 9, expected a value in 0..8");
        assertThatThrownBy(() -> read(Npy.floats(1, Double.NaN)).floats())
                .hasMessage("f.npy: a[1]: got NaN, expected a finite float32");
        assertThatThrownBy(
                        () -> read(Npy.of("<f8", false, new int[] {1}, 1e300)).floats())
                .hasMessageContaining("got Infinity");
        assertThatThrownBy(() -> read(Npy.floats(1)).ints(0, 1)).hasMessageContaining("got type F4, expected integers");
        assertThatThrownBy(() -> read(Npy.longs(1)).booleans()).hasMessageContaining("expected booleans");
        assertThatThrownBy(() -> read(Npy.longs(1)).text()).hasMessageContaining("expected one byte string");
        assertThatThrownBy(() -> read(Npy.longs(1)).requireRank(2)).hasMessageContaining("got shape (1)");
    }

    @Test
    void aMissingFileIsOneSentence(@TempDir Path folder) {
        Path missing = folder.resolve("no.npy");
        assertThatThrownBy(() -> NpyReader.read(missing))
                .isInstanceOf(FormatException.class)
                .hasMessage(missing + ": file: got NoSuchFile, expected a readable npy file");
    }
}
