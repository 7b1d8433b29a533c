package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.PackedFixture;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/**
 * Sums of gathered rows at every place where the CUDA kernels change what they do: run and tile of columns, batch of
 * edges, rows that share a warp, rows with a warp of their own, hubs in chunks, blocks of different widths.
 *
 * <p>Each product runs three times: the emulator takes the threads forward, backward and shuffled in turn.
 */
class CudaCodeSumsTest extends WithCudaBackend {

    private static final int SOURCES = 23;
    private static final int ORDERS = 3;

    /** Empty and short rows, around batches of 4 and 8 edges and groups of them, hubs of two and four chunks. */
    private static final int[] DEGREES = {0, 1, 3, 4, 5, 7, 8, 9, 15, 17, 31, 33, 63, 65, 127, 129, 255, 257, 769};

    private static PackedOps ops() {
        return HostOperands.packed(cuda);
    }

    private static IntStream columns() {
        return IntStream.concat(IntStream.rangeClosed(1, 33), IntStream.of(48, 64, 65, 100, 128, 129, 602));
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    void sums_have_the_bits_of_the_reference_for_every_number_of_columns(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, DEGREES);
            columns().forEach(cols -> {
                FloatMatrix values = f.matrix(SOURCES, cols);
                Granularity granularity = cols % 2 == 0 ? Granularity.COLUMN : Granularity.TENSOR;
                check(f, graph, values, f.uniform(SOURCES, cols, bits, granularity));
            });
        }
    }

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    void buckets_of_different_widths_have_the_bits_of_the_reference(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = f.graph(SOURCES, DEGREES);
            for (BitWidth other : List.of(BitWidth.Q1, BitWidth.Q2, BitWidth.Q8, BitWidth.Q7)) {
                for (int cols : new int[] {1, 5, 16, 17, 40, 130, 300}) {
                    int[] bounds = {0, 4, 5, 5, 16, SOURCES};
                    QuantScheme scheme = QuantScheme.create(
                            f.memory(),
                            "L1.message",
                            bounds,
                            cols,
                            List.of(bits, other, BitWidth.Q16, BitWidth.Q4, bits),
                            cols % 2 == 0 ? Granularity.COLUMN : Granularity.BUCKET,
                            Rounding.NEAREST);
                    check(f, graph, f.matrix(SOURCES, cols), scheme);
                }
            }
        }
    }

    private static void check(PackedFixture f, CsrGraph graph, FloatMatrix values, QuantScheme scheme) {
        PackedOps reference = new ReferencePackedOps();
        PackedMatrix x = f.packed(reference, values, scheme);
        FloatMatrix expected = f.output(graph.numRows(), x.cols());
        reference.spmm(graph, x, expected);
        for (int order = 0; order < ORDERS; order++) {
            FloatMatrix actual = f.output(graph.numRows(), x.cols());
            ops().spmm(graph, x, actual);
            f.assertSameBits(actual, expected, scheme.blocks().get(0).bits() + " F=" + x.cols());
        }
    }

    /**
     * All codes at their maximum, in rows that one warp takes: the edges are so many that, on the 4 multiprocessors of
     * the emulator, only rows of 4096 are cut into chunks.
     */
    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q.+", mode = EnumSource.Mode.MATCH_ALL)
    void lanes_are_emptied_before_they_overflow(BitWidth bits) {
        int[] flush = {15, 16, 17, 18, 84, 85, 86, 255, 256, 257, 258, 511, 1023, 1024, 1025, 2047, 4095, 4096, 4097};
        int[] degrees = Arrays.copyOf(flush, flush.length + 256);
        Arrays.fill(degrees, flush.length, degrees.length, 4095);
        assertThat(RowBins.chunkEdges(Arrays.stream(degrees).sum(), 4)).isEqualTo(RowBins.MOST_CHUNK_EDGES);
        try (PackedFixture f = new PackedFixture()) {
            for (int cols : new int[] {33, 128}) {
                PackedMatrix x = maximum(f, f.uniform(2, cols, bits, Granularity.TENSOR));
                CsrGraph graph = f.graph(2, degrees);
                FloatMatrix out = f.output(degrees.length, cols);
                ops().spmm(graph, x, out);
                for (int i = 0; i < flush.length; i++) {
                    float[] row = new float[cols];
                    float sum = (float) ((long) flush[i] * bits.maxCode());
                    Arrays.fill(row, Math.fma(0.75f, sum, Math.fma(-3f, flush[i], 0f)));
                    assertThat(out.row(i))
                            .as("%s F=%d degree %d", bits, cols, flush[i])
                            .containsExactly(row);
                }
            }
        }
    }

    /** Every code the largest, scale 0.75, offset -3. */
    private static PackedMatrix maximum(PackedFixture f, QuantScheme scheme) {
        scheme.blocks().get(0).params().scale().set(0, 0, 0.75f);
        scheme.blocks().get(0).params().offset().set(0, 0, -3f);
        PackedMatrix x = PackedMatrix.allocate(f.memory(), scheme);
        new ReferencePackedOps().pack(f.filled(scheme.rows(), scheme.cols(), Float.MAX_VALUE), x);
        return x;
    }

    @Test
    void recorded_sums_and_products_of_hubs_start_from_zero_every_time() {
        try (PackedFixture f = new PackedFixture();
                Memory memory = cuda.newMemory("test")) {
            CsrGraph graph = f.graph(SOURCES, DEGREES);
            QuantScheme scheme = f.scheme(SOURCES, 20, BitWidth.Q4, Granularity.BUCKET, Rounding.NEAREST);
            PackedMatrix x = f.packed(new ReferencePackedOps(), f.matrix(SOURCES, 20), scheme);
            FloatMatrix w = f.matrix(20, 6);
            FloatMatrix sums = f.output(graph.numRows(), 20);
            FloatMatrix products = f.output(graph.numRows(), 6);
            new ReferencePackedOps().spmm(graph, x, sums);
            new ReferencePackedOps().spmmGemm(graph, null, x, null, w, products);
            DeviceCall.run(cuda, call -> {
                CsrGraph onDevice = call.graph(graph);
                PackedMatrix codes = call.packed(x);
                FloatMatrix weights = call.matrix(w);
                FloatMatrix actualSums = FloatMatrix.allocate(memory, graph.numRows(), 20);
                FloatMatrix actualProducts = FloatMatrix.allocate(memory, graph.numRows(), 6);
                try (Replay replay = cuda.replayable(() -> {
                    cuda.packed().spmm(onDevice, codes, actualSums);
                    cuda.packed().spmmGemm(onDevice, null, codes, null, weights, actualProducts);
                })) {
                    for (int run = 0; run < 4; run++) {
                        replay.run();
                        assertThat(Transfer.download(cuda, actualSums)).isDeepEqualTo(rows(sums));
                        assertThat(Transfer.download(cuda, actualProducts)).isDeepEqualTo(rows(products));
                    }
                }
            });
        }
    }

    private static float[][] rows(FloatMatrix x) {
        return IntStream.range(0, x.rows()).mapToObj(x::row).toArray(float[][]::new);
    }
}
