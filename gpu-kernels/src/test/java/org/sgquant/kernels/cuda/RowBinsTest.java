package org.sgquant.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.DeviceMemory;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.IntArray;

/** The order in which kernels take rows. */
@OnDevice
class RowBinsTest {

    private static final int[] DEGREES = {3, 0, 300, 1, 255, 256, 2, 0, 1000, 4, 5, 1};

    @Test
    void rows_stand_by_classes_of_falling_degree_and_in_their_own_order_within() {
        withBins(DEGREES, (launcher, bins) -> {
            assertThat(ints(launcher, bins.order(), DEGREES.length))
                    .containsExactly(8, 2, 5, 4, 9, 10, 0, 6, 3, 11, 1, 7);
            assertThat(bins.rows()).isEqualTo(12);
            assertThat(bins.rowsFrom(256)).isEqualTo(3);
            assertThat(bins.rowsFrom(4)).isEqualTo(6);
            assertThat(bins.rowsFrom(1)).isEqualTo(10);
        });
    }

    @Test
    void hubs_are_cut_into_chunks_of_consecutive_edges() {
        withBins(DEGREES, (launcher, bins) -> {
            assertThat(bins.chunkEdges()).isEqualTo(RowBins.LEAST_CHUNK_EDGES);
            assertThat(bins.hubs()).isEqualTo(3);
            assertThat(bins.numChunks()).isEqualTo(4 + 2 + 1);
            // Rows 8, 2 and 5 start at edges 817, 3 and 559.
            assertThat(ints(launcher, bins.chunks(), 14))
                    .containsExactly(0, 817, 0, 1073, 0, 1329, 0, 1585, 1, 3, 1, 259, 2, 559);
        });
    }

    @Test
    void graphs_without_hubs_or_rows_have_no_chunks() {
        withBins(
                new int[] {1, 2},
                (launcher, bins) -> assertThat(bins.numChunks()).isZero());
        withBins(new int[0], (launcher, bins) -> {
            assertThat(bins.rows()).isZero();
            assertThat(bins.rowsFrom(1)).isZero();
        });
    }

    @Test
    void a_chunk_is_a_power_of_two_and_no_more_than_the_share_of_a_warp() {
        assertThat(RowBins.chunkEdges(0, 132)).isEqualTo(256);
        assertThat(RowBins.chunkEdges(64L * 132 * 1000, 132)).isEqualTo(512);
        assertThat(RowBins.chunkEdges(114_600_000, 132)).isEqualTo(4096);
        assertThat(RowBins.chunkEdges(Integer.MAX_VALUE, 1)).isEqualTo(4096);
    }

    private interface Check {
        void accept(Launcher launcher, RowBins bins);
    }

    private static void withBins(int[] degrees, Check check) {
        int[] rowPtr = new int[degrees.length + 1];
        Arrays.setAll(rowPtr, r -> IntStream.of(degrees).limit(r).sum());
        CudaDevice device = CudaDevice.open(0);
        Launcher launcher = new Launcher(device);
        try (DeviceMemory memory = device.newMemory("graph");
                Arena arena = Arena.ofConfined()) {
            MemorySegment data = memory.allocate(4L * rowPtr.length);
            launcher.stream().copyToDevice(arena.allocateFrom(JAVA_INT, rowPtr), data, data.byteSize());
            CsrGraph graph =
                    new CsrGraph(degrees.length, 7, IntArray.view(data, rowPtr.length), IntArray.view(data, 0));
            RowBins bins = RowBins.of(launcher, graph);
            assertThat(RowBins.of(launcher, graph)).as("made once").isSameAs(bins);
            check.accept(launcher, bins);
        }
        launcher.close();
        device.close();
    }

    private static int[] ints(Launcher launcher, MemorySegment device, int n) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(4L * n, 4);
            launcher.stream().copyToHost(device, host, host.byteSize());
            return host.toArray(JAVA_INT);
        }
    }
}
