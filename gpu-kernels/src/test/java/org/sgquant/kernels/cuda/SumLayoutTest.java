package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** Which threads take which columns of a packed matrix. */
class SumLayoutTest {

    private static final int REDDIT = 232_965;
    private static final int PRODUCTS = 2_449_029;

    /** Layout for {@code rows} rows in blocks of the given widths. */
    private static SumLayout layout(int rows, int cols, int... bits) {
        try (HostMemory memory = new HostMemory()) {
            int[] bounds = IntStream.rangeClosed(0, bits.length)
                    .map(b -> (int) ((long) rows * b / bits.length))
                    .toArray();
            return SumLayout.of(QuantScheme.create(
                    memory,
                    "x",
                    bounds,
                    cols,
                    Arrays.stream(bits).mapToObj(BitWidth::of).toList(),
                    Granularity.BUCKET,
                    Rounding.NEAREST));
        }
    }

    @Test
    void native_widths_have_their_own_kernel_in_runs_of_16_or_32_columns() {
        assertThat(layout(1000, 128, 8)).isEqualTo(new SumLayout(8, 128, 8, 1));
        assertThat(layout(1000, 128, 4, 4)).isEqualTo(new SumLayout(4, 128, 4, 1));
        assertThat(layout(1000, 100, 2)).isEqualTo(new SumLayout(2, 128, 4, 1));
        assertThat(layout(1000, 41, 1)).isEqualTo(new SumLayout(1, 64, 2, 1));
        assertThat(layout(1000, 41, 1).kernel()).isEqualTo("spmm_csr_q1");
    }

    @Test
    void a_tile_holds_at_least_one_run() {
        assertThat(layout(1000, 1, 8)).isEqualTo(new SumLayout(8, 16, 1, 1));
        assertThat(layout(1000, 7, 16)).isEqualTo(new SumLayout(0, 16, 1, 2));
        assertThat(layout(1000, 7, 4)).isEqualTo(new SumLayout(4, 32, 1, 1));
        assertThat(layout(1000, 7, 8, 4)).isEqualTo(new SumLayout(0, 32, 2, 1));
        assertThat(layout(1000, 0, 4)).isEqualTo(new SumLayout(4, 32, 1, 1));
    }

    @Test
    void widths_of_several_sections_and_mixed_ones_share_a_kernel() {
        assertThat(layout(1000, 64, 7)).isEqualTo(new SumLayout(0, 64, 2, 3));
        assertThat(layout(1000, 64, 4, 2, 1)).isEqualTo(new SumLayout(0, 64, 2, 1));
        assertThat(layout(1000, 64, 4, 8, 6).kernel()).isEqualTo("spmm_csr_mixed");
        assertThat(layout(1000, 64, 7).sharedBytes(4)).isEqualTo(4 * (3 * 2560 + 640));
    }

    @Test
    void widths_of_blocks_without_rows_do_not_count() {
        assertThat(layout(1, 64, 7, 4)).isEqualTo(new SumLayout(4, 64, 2, 1));
    }

    @Test
    void tiles_waste_few_threads_and_stay_in_the_cache_where_they_can() {
        assertThat(layout(1000, 602, 8).tile())
                .as("640 columns covered, not 768 or 1024")
                .isEqualTo(128);
        assertThat(layout(1000, 602, 1).tile()).as("pieces of 32 bytes").isEqualTo(256);
        assertThat(layout(1000, 1024, 4).tile()).isEqualTo(512);
        assertThat(layout(REDDIT, 256, 8).tile()).as("128 columns of 30 MB").isEqualTo(128);
        assertThat(layout(REDDIT, 256, 4).tile()).as("256 columns of 30 MB").isEqualTo(256);
        assertThat(layout(PRODUCTS, 256, 8).tile()).as("no tile fits").isEqualTo(256);
        assertThat(layout(REDDIT, 602, 8).tiles(602)).isEqualTo(5);
    }

    @Test
    void a_slab_of_a_fused_product_bounds_the_tile() {
        try (HostMemory memory = new HostMemory()) {
            QuantScheme scheme = QuantScheme.uniform(memory, "x", 1000, 1024, BitWidth.Q8, Granularity.TENSOR);
            assertThat(SumLayout.of(scheme, 128)).isEqualTo(new SumLayout(8, 128, 8, 1));
        }
    }

    @Test
    void rows_take_a_warp_from_the_degree_that_fills_it() {
        assertThat(layout(1000, 128, 4).warpDegree()).as("8 groups of 4 edges").isEqualTo(32);
        assertThat(layout(1000, 512, 8).warpDegree()).as("one group").isEqualTo(4);
    }
}
