package org.sgquant.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Turns packed matrices in host memory into sparse packed ones and back, without loss. */
public final class SparsePacker {

    private final PackedMatrix x;
    private final QuantScheme scheme;
    private final int[] rowPtr;
    private int[] position;
    private byte[] code;

    private SparsePacker(PackedMatrix x) {
        this.x = x;
        this.scheme = x.scheme();
        this.rowPtr = new int[x.rows() + 1];
    }

    /** Whether a matrix of {@code scheme} has a sparse form: integers of at most 8 bits, of which 0 is the value 0. */
    public static boolean suits(QuantScheme scheme) {
        return scheme.blocks().stream()
                .allMatch(b -> b.bits().isByte() && isZero(b.params().offset()));
    }

    private static boolean isZero(FloatMatrix offset) {
        return IntStream.range(0, offset.cols()).allMatch(i -> offset.get(0, i) == 0);
    }

    /**
     * The codes of {@code x} that are not 0, with its scales, in {@code memory} of the host.
     *
     * @throws IllegalArgumentException where {@link #suits} does not hold
     */
    public static SparsePackedMatrix encode(PackedMatrix x, Memory memory) {
        if (!suits(x.scheme())) {
            throw new IllegalArgumentException(
                    x.name()
                            + ": the sparse form needs integers of at most 8 bits and ranges that begin at 0, use the dense form");
        }
        return new SparsePacker(x).encode(memory);
    }

    private SparsePackedMatrix encode(Memory memory) {
        int[] order = columnsByFrequency(readCodes());
        sortRows(order);
        List<Integer> first = riceParameters();
        BitFields.Writer stream = new BitFields.Writer();
        int[] starts = new int[Math.ceilDiv(x.rows(), SparsePackedLayout.GROUP)];
        int[] lengths = writeRows(first, stream, starts);
        ScaleTable scales = ScaleTable.of(x);
        SparsePackedLayout layout = new SparsePackedLayout(
                x.rows(),
                x.cols(),
                scheme.granularity(),
                scheme.blocks().stream()
                        .map(b -> new SparsePackedLayout.Block(b.rowEnd(), b.bits()))
                        .toList(),
                BitFields.widthOf(Math.max(x.cols() - 1, 0)),
                BitFields.widthOf(Arrays.stream(lengths).max().orElse(0)),
                scales.codeBits(),
                scales.values().length,
                first,
                stream.size());
        MemorySegment data = memory.allocate(SparsePackedMatrix.allocationBytes(layout));
        layout.writeHeader(data);
        writeFields(order, layout.columnBits(), data, layout.orderAt());
        writeFields(lengths, layout.lengthBits(), data, layout.lengthsAt());
        MemorySegment.copy(starts, 0, data, ValueLayout.JAVA_INT, layout.startsAt(), starts.length);
        writeFields(scales.codes(), layout.scaleBits(), data, layout.scaleCodesAt());
        MemorySegment.copy(scales.values(), 0, data, ValueLayout.JAVA_FLOAT, layout.scalesAt(), layout.scales());
        stream.copyTo(data, layout.streamAt());
        return new SparsePackedMatrix(x.name(), layout, data);
    }

    /** Collects columns and codes row by row; returns how often each column is not 0. */
    private int[] readCodes() {
        int[] frequency = new int[x.cols()];
        position = new int[1024];
        code = new byte[1024];
        int n = 0;
        for (int b = 0; b < scheme.blocks().size(); b++) {
            QuantScheme.Block block = scheme.blocks().get(b);
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                if (n + x.cols() > position.length) {
                    position = Arrays.copyOf(position, 2 * position.length + x.cols());
                    code = Arrays.copyOf(code, position.length);
                }
                long row = (long) (r - block.rowStart()) * x.stride(b);
                for (int c = 0; c < x.cols(); c++) {
                    if (c % 8 == 0 && isZero(x.data(b), row, block.bits(), c)) {
                        c += 7;
                        continue;
                    }
                    int u = PackedLayout.code(x.data(b), row, block.bits(), x.cols(), c);
                    if (u != 0) {
                        frequency[c]++;
                        position[n] = c;
                        code[n++] = (byte) u;
                    }
                }
                rowPtr[r + 1] = n;
            }
        }
        return frequency;
    }

    /** Whether columns c to c + 7 are 0, c a multiple of 8: w whole bytes of each section of width w. */
    private boolean isZero(MemorySegment data, long row, BitWidth bits, int c) {
        for (int s = 0; s < bits.sections().size(); s++) {
            int width = bits.sections().get(s);
            long from = row + PackedLayout.sectionOffset(bits, x.cols(), s) + (long) c / 8 * width;
            for (int i = 0; i < width; i++) {
                if (data.get(ValueLayout.JAVA_BYTE, from + i) != 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static int[] columnsByFrequency(int[] frequency) {
        return IntStream.range(0, frequency.length)
                .boxed()
                .sorted(Comparator.comparingInt(c -> frequency[c]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** Turns columns into positions in {@code order}, ascending within each row, with their codes. */
    private void sortRows(int[] order) {
        int[] positionOf = new int[order.length];
        for (int p = 0; p < order.length; p++) {
            positionOf[order[p]] = p;
        }
        long[] keys = new long[x.cols()];
        for (int r = 0; r < x.rows(); r++) {
            int n = rowPtr[r + 1] - rowPtr[r];
            for (int i = 0; i < n; i++) {
                keys[i] = ((long) positionOf[position[rowPtr[r] + i]] << 8) | (code[rowPtr[r] + i] & 0xff);
            }
            Arrays.sort(keys, 0, n);
            for (int i = 0; i < n; i++) {
                position[rowPtr[r] + i] = (int) (keys[i] >>> 8);
                code[rowPtr[r] + i] = (byte) keys[i];
            }
        }
    }

    private List<Integer> riceParameters() {
        RiceParameters parameters = new RiceParameters(x.cols());
        for (int r = 0; r < x.rows(); r++) {
            int next = 0;
            for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                parameters.add(next, position[e] - next);
                next = position[e] + 1;
            }
        }
        return parameters.first();
    }

    /** Appends every row to {@code stream}; returns their lengths in bits. */
    private int[] writeRows(List<Integer> first, BitFields.Writer stream, int[] starts) {
        int[] lengths = new int[x.rows()];
        for (QuantScheme.Block block : scheme.blocks()) {
            int codeBits = block.bits().bits();
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                long begin = stream.size();
                if (begin > Integer.MAX_VALUE) {
                    throw new IllegalArgumentException(
                            x.name() + ": the sparse form holds at most 2^31 bits, use the dense form");
                }
                if (r % SparsePackedLayout.GROUP == 0) {
                    starts[r / SparsePackedLayout.GROUP] = (int) begin;
                }
                int next = 0;
                int k = SparsePackedLayout.PARAMETERS - 1;
                for (int e = rowPtr[r]; e < rowPtr[r + 1]; e++) {
                    while (k > 0 && next >= first.get(k - 1)) {
                        k--;
                    }
                    int gap = position[e] - next;
                    for (int zeros = gap >> k; zeros > 0; zeros -= 32) {
                        stream.put(0, Math.min(zeros, 32));
                    }
                    stream.put(1, 1);
                    stream.put(gap, k);
                    if (codeBits > 1) {
                        stream.put(code[e], codeBits);
                    }
                    next = position[e] + 1;
                }
                lengths[r] = Math.toIntExact(stream.size() - begin);
            }
        }
        return lengths;
    }

    private static void writeFields(int[] values, int width, MemorySegment data, long at) {
        BitFields.Writer fields = new BitFields.Writer();
        for (int value : values) {
            fields.put(value, width);
        }
        fields.copyTo(data, at);
    }

    /** The dense packed matrix that {@code x}, in host memory, was made from: the same codes and scales. */
    public static PackedMatrix decode(SparsePackedMatrix x, Memory memory) {
        SparseRowReader reader = new SparseRowReader(x);
        List<QuantScheme.Block> blocks = new ArrayList<>();
        int from = 0;
        for (int b = 0; b < x.blocks(); b++) {
            int to = x.rowEnd(b);
            int n = x.granularity().scalesPerBlock(to - from, x.cols());
            blocks.add(new QuantScheme.Block(from, to, x.bits(b), QuantParams.allocate(memory, n)));
            from = to;
        }
        PackedMatrix out = PackedMatrix.allocate(
                memory, new QuantScheme(x.name(), x.cols(), x.granularity(), Rounding.NEAREST, blocks));
        for (int b = 0; b < x.blocks(); b++) {
            QuantScheme.Block block = blocks.get(b);
            FloatMatrix scale = block.params().scale();
            for (int i = 0; x.granularity() != Granularity.ROW && i < scale.cols(); i++) {
                scale.set(0, i, reader.blockScale(b, i));
            }
            for (int r = block.rowStart(); r < block.rowEnd(); r++) {
                int n = reader.read(r);
                for (int i = 0; i < n; i++) {
                    long row = (long) (r - block.rowStart()) * out.stride(b);
                    PackedLayout.setCode(
                            out.data(b), row, block.bits(), x.cols(), reader.columns()[i], reader.codes()[i]);
                }
                if (x.granularity() == Granularity.ROW) {
                    scale.set(0, r - block.rowStart(), reader.scale(0));
                } else if (x.granularity() == Granularity.ROW_CODE) {
                    out.rowCodes(b).set(ValueLayout.JAVA_BYTE, r - block.rowStart(), (byte) reader.rowCode());
                }
            }
        }
        return out;
    }
}
