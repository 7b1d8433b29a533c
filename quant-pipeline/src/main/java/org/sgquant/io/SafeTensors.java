package org.sgquant.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sgquant.data.FormatException;

/**
 * A file of named tensors: 8-byte little-endian length of the header, JSON header, raw data.
 *
 * <p>The header maps each name to {@code dtype}, {@code shape} and {@code data_offsets} (from the end of the header)
 * and {@code __metadata__} to a map of strings. The tensors fill the data without gap or overlap. What this class writes
 * also carries the metadata entry {@code sha256} over names, types, shapes, metadata and data; a file that has it is
 * refused if it does not match, one that has none is read as it is. Source: the safetensors format of Hugging Face.
 */
public final class SafeTensors {

    /** The limit of the format's own reader. */
    static final long MAX_HEADER = 100_000_000;

    /** Metadata entry of the checksum. */
    static final String CHECKSUM = "sha256";

    private static final int CHUNK = 1 << 30;
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final List<Tensor> tensors;
    private final Map<String, String> metadata;

    private SafeTensors(Path file, List<Tensor> tensors, Map<String, String> metadata) {
        this.file = file;
        this.tensors = List.copyOf(tensors);
        this.metadata = Map.copyOf(metadata);
    }

    /** In the order of the data. */
    public List<Tensor> tensors() {
        return tensors;
    }

    /** Without the checksum. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * The tensor of this name.
     *
     * @throws FormatException if there is none
     */
    public Tensor tensor(String name) {
        return tensors.stream()
                .filter(tensor -> tensor.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new FormatException(file, "header", "there is no tensor '" + name + "'"));
    }

    /**
     * Maps the file and checks all of it before it returns.
     *
     * @param arena owner of the mapping; the tensors are read-only views of it
     * @throws FormatException if the file is absent or breaks the format in any way
     */
    public static SafeTensors read(Path file, Arena arena) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return parse(file, channel.map(MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (NoSuchFileException e) {
            throw new FormatException(file, "file", "it does not exist");
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Checks {@code bytes}, the content of {@code file}. */
    static SafeTensors parse(Path file, MemorySegment bytes) {
        long room = bytes.byteSize() - Long.BYTES;
        if (room < 0) {
            throw new FormatException(file, "file", bytes.byteSize() + " bytes, a header needs more");
        }
        long length = bytes.get(LENGTH, 0);
        if (length < 0 || length > Math.min(room, MAX_HEADER)) {
            throw new FormatException(
                    file,
                    "length of the header",
                    Long.toUnsignedString(length) + ", at most " + Math.min(room, MAX_HEADER) + " is possible");
        }
        SafeTensorsHeader header = SafeTensorsHeader.parse(file, bytes.asSlice(Long.BYTES, length));
        MemorySegment data = bytes.asSlice(Long.BYTES + length);
        List<Tensor> tensors = new ArrayList<>();
        long end = 0;
        for (SafeTensorsHeader.Entry entry : header.inOrder()) {
            check(file, entry, end, data.byteSize());
            tensors.add(new Tensor(
                    entry.name(), entry.dtype(), entry.shape(), data.asSlice(end, entry.end() - entry.begin())));
            end = entry.end();
        }
        if (end != data.byteSize()) {
            throw new FormatException(file, "data", data.byteSize() + " bytes, the tensors take " + end);
        }
        Map<String, String> metadata = new HashMap<>(header.metadata());
        String checksum = metadata.remove(CHECKSUM);
        if (checksum != null && !checksum.equals(SafeTensorsHeader.checksum(tensors, metadata))) {
            throw new FormatException(file, "data", "the content does not match its checksum");
        }
        return new SafeTensors(file, tensors, metadata);
    }

    private static void check(Path file, SafeTensorsHeader.Entry entry, long expectedBegin, long available) {
        String place = "tensor '" + entry.name() + "'";
        if (entry.begin() != expectedBegin) {
            throw new FormatException(
                    file,
                    place,
                    "data_offsets begin at " + entry.begin() + ", expected " + expectedBegin
                            + ": tensors may neither overlap nor leave gaps");
        }
        if (entry.end() < entry.begin() || entry.end() > available) {
            throw new FormatException(
                    file, place, "data_offsets end at " + entry.end() + ", the data has " + available + " bytes");
        }
        long bytes = Tensor.byteSize(entry.dtype(), entry.shape());
        if (bytes != entry.end() - entry.begin()) {
            throw new FormatException(
                    file,
                    place,
                    entry.dtype() + " " + entry.shape() + " does not fit " + (entry.end() - entry.begin()) + " bytes");
        }
    }

    /**
     * Writes the whole file or nothing: to a temporary file beside it, forced to disk, then moved over {@code file}.
     *
     * <p>Wider element types come first (within a type the given order stays), so that every tensor is aligned to its
     * elements. The bytes depend on the arguments only.
     */
    public static void write(Path file, List<Tensor> tensors, Map<String, String> metadata) {
        Set<String> names = new HashSet<>(Set.of(SafeTensorsHeader.METADATA));
        for (Tensor tensor : tensors) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("tensor name '" + tensor.name() + "' is reserved or used twice");
            }
        }
        if (metadata.containsKey(CHECKSUM)) {
            throw new IllegalArgumentException("metadata key '" + CHECKSUM + "' is reserved");
        }
        List<Tensor> ordered = tensors.stream()
                .sorted(Comparator.comparingInt(tensor -> -tensor.dtype().bytes()))
                .toList();
        Path absolute = file.toAbsolutePath();
        Path temporary = absolute.resolveSibling(
                "." + absolute.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            try {
                writeTo(temporary, ordered, metadata);
                Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be written: " + e.getMessage(), e);
        }
    }

    private static void writeTo(Path file, List<Tensor> tensors, Map<String, String> metadata) throws IOException {
        byte[] header = SafeTensorsHeader.encode(tensors, metadata);
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(header.length).put(header).flip();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            writeAll(channel, start);
            for (Tensor tensor : tensors) {
                for (ByteBuffer chunk : chunks(tensor.data())) {
                    writeAll(channel, chunk);
                }
            }
            channel.force(true);
        }
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** Views of {@code data} that a byte buffer can hold. */
    static List<ByteBuffer> chunks(MemorySegment data) {
        List<ByteBuffer> chunks = new ArrayList<>();
        for (long at = 0; at < data.byteSize(); at += CHUNK) {
            chunks.add(data.asSlice(at, Math.min(CHUNK, data.byteSize() - at)).asByteBuffer());
        }
        return chunks;
    }
}
