package org.sgquant.perf.workload;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.sgquant.kernels.CounterRandom;

/**
 * A generated graph as {@code sgquant run --edges edges.npz --features features.npy --labels labels.npy} reads it.
 *
 * <p>Feature f of a node is uniform in [-0.5, 0.5), and 1 more where f belongs to the node's class: enough to learn
 * from as it is ({@code --no-normalize}).
 */
public final class TrainingFiles {

    private TrainingFiles() {}

    public static void write(Path folder, GraphShape shape, long[] edges, int[] labels, long seed) {
        try {
            Files.createDirectories(folder);
            writeEdges(folder.resolve("edges.npz"), shape.nodes(), edges);
            writeFeatures(folder.resolve("features.npy"), shape, labels, CounterRandom.key(seed, 0, 1));
            writeLabels(folder.resolve("labels.npy"), labels);
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": cannot be written: " + e.getMessage(), e);
        }
    }

    /** Each undirected edge once: all smaller ends, then all larger ones. */
    private static void writeEdges(Path file, int nodes, long[] edges) throws IOException {
        try (ZipOutputStream zip =
                new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(file), 1 << 16))) {
            zip.setLevel(0);
            zip.putNextEntry(new ZipEntry("edge_index.npy"));
            NpyWriter out = new NpyWriter(zip, "<i4", "2, " + edges.length);
            for (long edge : edges) {
                out.int32((int) (edge / nodes));
            }
            for (long edge : edges) {
                out.int32((int) (edge % nodes));
            }
            out.flush();
            zip.closeEntry();
        }
    }

    private static void writeFeatures(Path file, GraphShape shape, int[] labels, long key) throws IOException {
        try (OutputStream stream = Files.newOutputStream(file)) {
            NpyWriter out = new NpyWriter(stream, "<f4", shape.nodes() + ", " + shape.features());
            for (int node = 0; node < shape.nodes(); node++) {
                for (int f = 0; f < shape.features(); f++) {
                    float ofClass = f % shape.classes() == labels[node] ? 1 : 0;
                    out.float32(CounterRandom.uniform(key, node * shape.features() + f) - 0.5f + ofClass);
                }
            }
            out.flush();
        }
    }

    private static void writeLabels(Path file, int[] labels) throws IOException {
        try (OutputStream stream = Files.newOutputStream(file)) {
            NpyWriter out = new NpyWriter(stream, "<i4", labels.length + ",");
            for (int label : labels) {
                out.int32(label);
            }
            out.flush();
        }
    }

    /** Numbers of one npy array in C order. */
    private static final class NpyWriter {

        /** Magic, version and length of the header. */
        private static final int PREAMBLE = 10;

        private final OutputStream out;
        private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

        NpyWriter(OutputStream out, String type, String shape) {
            this.out = out;
            String header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
            // The data starts on 64 bytes; the header ends with a line feed.
            int length = Math.ceilDiv(PREAMBLE + header.length() + 1, 64) * 64 - PREAMBLE;
            buffer.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
            buffer.put((byte) 1).put((byte) 0).putShort((short) length);
            buffer.put((header + " ".repeat(length - header.length() - 1) + "\n").getBytes(StandardCharsets.US_ASCII));
        }

        void int32(int value) throws IOException {
            ensureSpace();
            buffer.putInt(value);
        }

        void float32(float value) throws IOException {
            ensureSpace();
            buffer.putFloat(value);
        }

        private void ensureSpace() throws IOException {
            if (buffer.remaining() < Integer.BYTES) {
                flush();
            }
        }

        void flush() throws IOException {
            out.write(buffer.array(), 0, buffer.position());
            buffer.clear();
        }
    }
}
