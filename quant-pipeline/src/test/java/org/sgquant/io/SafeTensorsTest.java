package org.sgquant.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.data.FormatException;

class SafeTensorsTest {

    private static final Map<String, String> METADATA =
            Map.of("bits", "4", "granularity", "per-row", "emoji \"\\", "é\n");

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("model.safetensors");
    }

    @Test
    void whatIsWrittenIsRead() {
        SafeTensors.write(file, tensors(), METADATA);
        try (Arena arena = Arena.ofConfined()) {
            SafeTensors read = SafeTensors.read(file, arena);
            assertSame(read, tensors());
            assertThat(read.metadata()).isEqualTo(METADATA);
            assertThat(read.tensor("ids").data().get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
                    .isEqualTo(-1);
            assertThat(read.tensor("ids").data().isReadOnly()).isTrue();
            assertThatThrownBy(() -> read.tensor("w9"))
                    .isInstanceOf(FormatException.class)
                    .hasMessage(file + ": header: there is no tensor 'w9'");
        }
        assertThat(folder.toFile().list()).as("nothing temporary is left").containsExactly("model.safetensors");
    }

    @Test
    void theBytesAreThoseOfTheFormat() throws IOException {
        SafeTensors.write(file, List.of(tensor("b", Dtype.U8, 3), tensor("a", Dtype.I32, 2, 1)), Map.of());
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int length = Math.toIntExact(bytes.getLong());
        assertThat(length % 8).isZero();
        assertThat(bytes.capacity()).isEqualTo(8 + length + 8 + 3);
        assertThat(new String(bytes.array(), 8, length, StandardCharsets.UTF_8).replaceAll("[0-9a-f]{64}", "SHA"))
                .startsWith("{\"__metadata__\":{\"sha256\":\"SHA\"},"
                        + "\"a\":{\"dtype\":\"I32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]}}")
                .matches("(?s)\\{.*\\} *");
        assertThat(Arrays.copyOfRange(bytes.array(), 8 + length + 8, bytes.capacity()))
                .isEqualTo(tensor("b", Dtype.U8, 3).data().toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void aFileOfAnotherWriterIsReadInAnyOrderOfItsHeader() throws IOException {
        write(
                "{\"b\":{\"shape\":[],\"dtype\":\"F32\",\"data_offsets\":[2,6]},"
                        + "\"none\":{\"dtype\":\"I64\",\"shape\":[0,5],\"data_offsets\":[2,2]},"
                        + "\"a\":{\"data_offsets\":[0,2],\"dtype\":\"U8\",\"shape\":[2]}}   ",
                6);
        try (Arena arena = Arena.ofConfined()) {
            SafeTensors read = SafeTensors.read(file, arena);
            assertThat(read.tensors()).extracting(Tensor::name).containsExactly("a", "none", "b");
            assertThat(read.tensor("b").shape()).isEmpty();
            assertThat(read.metadata()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[1] | header: it does not begin with '{'",
                "{\"a\": | header: bad JSON: Unexpected end-of-input",
                "{} {} | header: something follows the JSON object",
                "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}} | header: bad JSON: Duplicate field 'k'",
                "{\"a\":7} | tensor 'a': expected an object",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}} | tensor 'a': expected a dtype, a shape and two data_offsets",
                "{\"a\":{\"dtype\":\"F8\",\"shape\":[8],\"data_offsets\":[0,8]}} | tensor 'a': unknown dtype 'F8'",
                "{\"a\":{\"dtype\":3,\"shape\":[8],\"data_offsets\":[0,8]}} | expected a string as dtype",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":8,\"data_offsets\":[0,8]}} | expected an array as shape",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[8.0],\"data_offsets\":[0,8]}} | expected integers in shape",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[-8],\"data_offsets\":[0,8]}} | negative number -8 in shape",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8],\"x\":1}} | unknown key 'x'",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,8]}} | U8 [9] does not fit 8 bytes",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]}} | end at 9, the data has 8 bytes",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[1,8]}} | begin at 1, expected 0",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[7],\"data_offsets\":[0,7]}} | data: 8 bytes, the tensors take 7",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}} | bad JSON",
                "{\"a\":{\"dtype\":\"I64\",\"shape\":[4294967296,4294967296,1],\"data_offsets\":[0,8]}} | does not fit",
                "{\"a\":{\"dtype\":\"I64\",\"shape\":[9223372036854775807],\"data_offsets\":[0,8]}} | does not fit",
                "{\"__metadata__\":{\"bits\":4}} | __metadata__: expected a string for 'bits'",
                "{\"__metadata__\":[]} | __metadata__: expected an object",
                "{\"__metadata__\":{\"k\":{\"k\":{\"k\":{\"k\":1}}}}} | __metadata__: expected a string for 'k'",
                "{} | data: 8 bytes, the tensors take 0",
            })
    void aBadHeaderIsRefused(String header, String problem) throws IOException {
        write(header, 8);
        assertRefused(problem);
    }

    @Test
    void aNameUsedTwiceIsRefused() throws IOException {
        String entry = "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}";
        write("{" + entry + "," + entry.replace("[0,4]", "[4,8]") + "}", 8);
        assertRefused("header: bad JSON: Duplicate field 'a'");
    }

    @Test
    void overlapsAreRefused() throws IOException {
        write(
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},"
                        + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
                8);
        assertRefused("tensor 'b': data_offsets begin at 4, expected 5");
    }

    @Test
    void absentTinyAndBoastfulFilesAreRefused() throws IOException {
        assertRefused("file: it does not exist");
        Files.write(file, new byte[0]);
        assertRefused("file: 0 bytes, a header needs more");
        for (long length : new long[] {-1, Long.MAX_VALUE, SafeTensors.MAX_HEADER + 1, 9}) {
            Files.write(
                    file,
                    ByteBuffer.allocate(16)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(length)
                            .array());
            assertRefused("length of the header: " + Long.toUnsignedString(length) + ", at most 8 is possible");
        }
        Files.write(file, new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xff});
        assertRefused("header: it is not UTF-8");
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        SafeTensors.write(file, tensors(), METADATA);
        byte[] bytes = Files.readAllBytes(file);
        for (int length = 0; length < bytes.length; length++) {
            assertThat(readDamaged(Arrays.copyOf(bytes, length), length + " bytes", false))
                    .isFalse();
        }
        Files.write(file, Arrays.copyOf(bytes, bytes.length + 1));
        assertRefused("data: ");
    }

    @Test
    void everySingleFlippedBitIsRefusedOrChangesNothing() throws IOException {
        SafeTensors.write(file, tensors(), METADATA);
        byte[] bytes = Files.readAllBytes(file);
        int refused = 0;
        for (int bit = 0; bit < 8 * bytes.length; bit++) {
            byte[] damaged = bytes.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            refused += readDamaged(damaged, "bit " + bit, true) ? 0 : 1;
        }
        assertThat(refused).isGreaterThan(7 * bytes.length);
    }

    @Test
    void randomDamageNeverThrowsAnythingElse() throws IOException {
        SafeTensors.write(file, tensors(), METADATA);
        byte[] bytes = Files.readAllBytes(file);
        long seed = 7;
        SplittableRandom random = new SplittableRandom(seed);
        for (int attempt = 0; attempt < 3000; attempt++) {
            byte[] damaged = Arrays.copyOf(bytes, bytes.length - random.nextInt(3) * random.nextInt(bytes.length / 3));
            int from = random.nextInt(damaged.length);
            for (int n = random.nextInt(1, 12); n > 0; n--) {
                int at = attempt % 2 == 0 ? random.nextInt(damaged.length) : (from + n) % damaged.length;
                damaged[at] = (byte) " {}[]:,\"0918\\-e.\u0000".charAt(random.nextInt(17));
            }
            readDamaged(damaged, "seed " + seed + ", attempt " + attempt, false);
        }
    }

    /** Whether the file was read; if so and {@code complete}, all that was written is there. */
    private boolean readDamaged(byte[] damaged, String replay, boolean complete) {
        try {
            SafeTensors read = SafeTensors.parse(file, MemorySegment.ofArray(damaged));
            if (complete) {
                assertSame(read, tensors());
                assertThat(read.metadata()).as(replay).containsAllEntriesOf(METADATA);
            }
            return true;
        } catch (FormatException e) {
            assertThat(e.getMessage()).as(replay).startsWith(file + ": ").doesNotContain("\n");
            return false;
        } catch (RuntimeException e) {
            throw new AssertionError(replay, e);
        }
    }

    @Test
    void whatCannotBeWrittenLeavesTheOldFile() throws IOException {
        SafeTensors.write(file, tensors(), METADATA);
        byte[] before = Files.readAllBytes(file);
        Tensor one = tensor("w", Dtype.F32, 1);
        assertThatThrownBy(() -> SafeTensors.write(file, List.of(one, one), Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor name 'w' is reserved or used twice");
        assertThatThrownBy(() -> SafeTensors.write(file, List.of(), Map.of("sha256", "0")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SafeTensors.write(folder.resolve("no/such.safetensors"), List.of(one), Map.of()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith(folder.resolve("no/such.safetensors") + ": cannot be written");
        assertThat(Files.readAllBytes(file)).isEqualTo(before);
        SafeTensors.write(file, tensors(), METADATA);
        assertThat(Files.readAllBytes(file)).as("same content, same bytes").isEqualTo(before);
        assertThat(folder.toFile().list()).containsExactly("model.safetensors");
    }

    @Test
    void aTensorOfTheWrongSizeIsRefused() {
        assertThatThrownBy(() -> new Tensor("w", Dtype.F32, List.of(2L, 3L), MemorySegment.ofArray(new byte[23])))
                .hasMessage("tensor w: F32 [2, 3] needs 24 bytes, not 23");
    }

    private void assertRefused(String problem) {
        Throwable thrown = catchThrowable(() -> {
            try (Arena arena = Arena.ofConfined()) {
                SafeTensors.read(file, arena);
            }
        });
        assertThat(thrown).isInstanceOf(FormatException.class);
        assertThat(thrown.getMessage())
                .startsWith(file + ": ")
                .contains(problem)
                .doesNotContain("\n");
    }

    private static void assertSame(SafeTensors read, List<Tensor> written) {
        assertThat(read.tensors()).hasSize(written.size());
        for (Tensor tensor : written) {
            Tensor same = read.tensor(tensor.name());
            assertThat(same.dtype()).isEqualTo(tensor.dtype());
            assertThat(same.shape()).isEqualTo(tensor.shape());
            assertThat(same.data().mismatch(tensor.data())).isEqualTo(-1);
        }
    }

    private void write(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        Files.write(file, bytes.putLong(json.length).put(json).array());
    }

    /** Every type, awkward sizes, an empty one and a scalar. */
    private static List<Tensor> tensors() {
        return List.of(
                tensor("codes", Dtype.U8, 31),
                tensor("w", Dtype.F32, 3, 2),
                tensor("ids", Dtype.I64, 2),
                tensor("empty", Dtype.F32, 0, 7),
                tensor("degree ü", Dtype.I32, 5),
                tensor("scale", Dtype.F32));
    }

    private static Tensor tensor(String name, Dtype dtype, long... shape) {
        List<Long> extents = Arrays.stream(shape).boxed().toList();
        byte[] data = new byte[Math.toIntExact(Tensor.byteSize(dtype, extents))];
        new SplittableRandom(name.hashCode()).nextBytes(data);
        if (dtype == Dtype.I64) {
            Arrays.fill(data, (byte) -1);
        }
        return new Tensor(name, dtype, extents, MemorySegment.ofArray(data));
    }
}
