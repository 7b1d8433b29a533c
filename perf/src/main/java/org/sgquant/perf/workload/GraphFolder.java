package org.sgquant.perf.workload;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.sgquant.report.Json;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.IntArray;

/**
 * A graph in files that every program of a comparison reads: {@code rowptr.i32} and {@code colidx.i32}, little-endian
 * int32 of a CSR matrix, and {@code graph.json}, an {@link Header}.
 */
public final class GraphFolder implements AutoCloseable {

    private final Header header;
    private final Arena arena = Arena.ofShared();
    private final CsrGraph graph;

    /** What the files hold; {@code widths} are the columns at which sums are measured. */
    public record Header(String graph, int nodes, int edges, int maxDegree, List<Integer> widths, long seed) {}

    /** Maps the files of {@code folder}; pages are read when they are used. */
    public GraphFolder(Path folder) {
        header = Json.read(folder.resolve("graph.json"), Header.class);
        graph = new CsrGraph(
                header.nodes(),
                header.nodes(),
                map(folder.resolve("rowptr.i32"), header.nodes() + 1),
                map(folder.resolve("colidx.i32"), header.edges()));
    }

    private IntArray map(Path file, int size) {
        try (FileChannel channel = FileChannel.open(file)) {
            long bytes = (long) size * Integer.BYTES;
            if (channel.size() != bytes) {
                throw new IllegalArgumentException(
                        file + ": got " + channel.size() + " bytes, graph.json says " + bytes);
            }
            return IntArray.view(channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena), size);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    public static void write(Path folder, GraphShape shape, CsrGraph graph, long seed) {
        write(folder, shape.name(), graph, shape.widths(), seed);
    }

    /** Writes {@code graph}, which is square. */
    public static void write(Path folder, String name, CsrGraph graph, List<Integer> widths, long seed) {
        try {
            Files.createDirectories(folder);
            write(folder.resolve("rowptr.i32"), graph.rowPtr());
            write(folder.resolve("colidx.i32"), graph.colIdx());
            Header header = new Header(name, graph.numRows(), graph.numEdges(), graph.maxDegree(), widths, seed);
            Files.writeString(folder.resolve("graph.json"), Json.write(header) + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be written: " + e.getMessage(), e);
        }
    }

    private static void write(Path file, IntArray values) throws IOException {
        try (FileChannel channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            MemorySegment target = channel.map(FileChannel.MapMode.READ_WRITE, 0, values.bytes(), arena);
            MemorySegment.copy(values.data(), 0, target, 0, values.bytes());
        }
    }

    public Header header() {
        return header;
    }

    public CsrGraph graph() {
        return graph;
    }

    @Override
    public void close() {
        arena.close();
    }
}
