package org.sgquant.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.PackedFixture;
import org.sgquant.kernels.SparsePackedFixture;

class SparsePackerTest {

    @ParameterizedTest
    @EnumSource(value = BitWidth.class, names = "Q[1-8]", mode = EnumSource.Mode.MATCH_ALL)
    void codes_and_scales_come_back(BitWidth bits) {
        try (PackedFixture f = new PackedFixture()) {
            for (int rows : new int[] {0, 1, 31, 32, 33, 101}) {
                for (int cols : new int[] {1, 2, 8, 31, 33, 64, 127}) {
                    for (Granularity granularity : Granularity.values()) {
                        assertComesBack(f, SparsePackedFixture.packed(f, rows, cols, bits, granularity));
                    }
                }
            }
        }
    }

    /** From nothing over bags of words to a full matrix; one column that all have before a thousand that none has. */
    @Test
    void any_density_and_any_skew_comes_back() {
        try (PackedFixture f = new PackedFixture()) {
            for (int oneIn : new int[] {Integer.MAX_VALUE, 1000, 50, 3, 2, 1}) {
                assertComesBack(f, SparsePackedFixture.binary(f, 70, 1500, BitWidth.Q1, oneIn));
            }
            for (int full : new int[] {0, 63, 699, 1499}) {
                PackedMatrix x = SparsePackedFixture.binary(f, 40, 1500, BitWidth.Q1, Integer.MAX_VALUE);
                for (int r = 0; r < 40; r++) {
                    PackedLayout.setCode(x.data(0), (long) r * x.stride(0), BitWidth.Q1, 1500, full, 1);
                }
                // One row in which a gap is far longer than what its Rice parameter was made for.
                PackedLayout.setCode(x.data(0), 7L * x.stride(0), BitWidth.Q1, 1500, 1400, 1);
                assertComesBack(f, x);
            }
        }
    }

    private static void assertComesBack(PackedFixture f, PackedMatrix x) {
        SparsePackedMatrix sparse = SparsePacker.encode(x, f.memory());
        PackedMatrix back = SparsePacker.decode(sparse, f.memory());
        assertThat(sparse.payloadBits()).isEqualTo(x.payloadBits());
        for (int b = 0; b < x.scheme().blocks().size(); b++) {
            QuantScheme.Block block = x.scheme().blocks().get(b);
            long bytes = x.dataBytes(b);
            assertThat(back.scheme().blocks().get(b).bits()).isEqualTo(block.bits());
            assertThat(back.data(b).asSlice(0, bytes).mismatch(x.data(b).asSlice(0, bytes)))
                    .as("%dx%d block %d %s, seed %d", x.rows(), x.cols(), b, block.bits(), f.seed())
                    .isEqualTo(-1);
            assertThat(back.scheme().blocks().get(b).params().scale().row(0))
                    .containsExactly(block.params().scale().row(0));
            assertThat(back.rowCodes(b).mismatch(x.rowCodes(b))).isEqualTo(-1);
        }
    }

    @Test
    void rows_are_read_in_any_order_and_ascending_where_asked() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix x = SparsePackedFixture.packed(f, 70, 90, BitWidth.Q4, Granularity.ROW);
            SparseRowReader reader = new SparseRowReader(SparsePacker.encode(x, f.memory()));
            for (int r : new int[] {69, 0, 33, 34, 34, 31, 32, 5}) {
                int n = reader.readAscending(r);
                int at = 0;
                for (int c = 0; c < 90; c++) {
                    if (x.code(r, c) != 0) {
                        assertThat(reader.columns()[at]).as("seed %d", f.seed()).isEqualTo(c);
                        assertThat(reader.codes()[at]).isEqualTo(x.code(r, c));
                        assertThat(reader.scale(c) * reader.codes()[at]).isEqualTo(x.value(r, c));
                        at++;
                    }
                }
                assertThat(n).isEqualTo(at);
            }
        }
    }

    /** Bags of words of the size of Cora's: 18 of 1433 words per node, some words far more frequent than others. */
    @Test
    void bags_of_words_take_less_than_a_bit_per_value() {
        try (PackedFixture f = new PackedFixture()) {
            PackedMatrix x = SparsePackedFixture.binary(f, 2708, 1433, BitWidth.Q1, 79);
            SparsePackedMatrix sparse = SparsePacker.encode(x, f.memory());
            assertThat(sparse.storedBytes()).isLessThan(x.storedBytes() / 8);
            assertThat(sparse.storedBytes() * 8).isLessThan(2708L * 1433 / 8);
        }
    }

    @Test
    void scales_of_rows_are_a_dictionary_where_few_differ() {
        try (PackedFixture f = new PackedFixture()) {
            QuantScheme scheme = QuantScheme.uniform(f.memory(), "X", 1000, 10, BitWidth.Q1, Granularity.ROW);
            PackedMatrix x = PackedMatrix.allocate(f.memory(), scheme);
            FloatMatrix scale = scheme.blocks().get(0).params().scale();
            for (int r = 0; r < 1000; r++) {
                scale.set(0, r, 1f / (1 + r % 30));
            }
            long few = SparsePacker.encode(x, f.memory()).storedBytes();
            for (int r = 0; r < 1000; r++) {
                scale.set(0, r, 1f / (1 + r));
            }
            long many = SparsePacker.encode(x, f.memory()).storedBytes();
            assertThat(many - few).isEqualTo(4 * 1000 - (4 * 30 + Math.ceilDiv(1000 * 5, 32) * 4));
        }
    }

    /** The bytes of a 5 x 6 matrix of 2 bits as a Python program wrote them from the description of the layout. */
    @Test
    void bytes_are_those_that_another_program_wrote() {
        try (HostMemory memory = new HostMemory()) {
            int[][] codes = {
                {0, 0, 3, 0, 0, 1}, {0, 0, 0, 0, 0, 0}, {1, 0, 2, 0, 0, 0}, {1, 2, 3, 1, 2, 3}, {0, 0, 1, 0, 0, 2}
            };
            QuantScheme scheme = QuantScheme.uniform(memory, "X", 5, 6, BitWidth.Q2, Granularity.TENSOR);
            scheme.blocks().get(0).params().scale().set(0, 0, 0.25f);
            PackedMatrix x = PackedMatrix.allocate(memory, scheme);
            for (int r = 0; r < 5; r++) {
                for (int c = 0; c < 6; c++) {
                    PackedLayout.setCode(x.data(0), (long) r * x.stride(0), BitWidth.Q2, 6, c, codes[r][c]);
                }
            }
            SparsePackedMatrix sparse = SparsePacker.encode(x, memory);
            byte[] bytes = sparse.data().asSlice(0, sparse.storedBytes()).toArray(ValueLayout.JAVA_BYTE);
            assertThat(java.util.HexFormat.of().formatHex(bytes)).isEqualTo(ORACLE);
        }
    }

    private static final String ORACLE =
            "050000000600000000000000010000000300000005000000000000000100000084000000880000008c00000090000000"
                    + "90000000940000009c000000010000000000000000000000000000000000000000000000000000000000000000000000"
                    + "0000000000000000000000000000000000000000000000000000000005000000020000001951010009a4990000000000"
                    + "0000803ed49de6ba9f1c0000";

    @Test
    void what_has_no_sparse_form_is_refused() {
        try (HostMemory memory = new HostMemory()) {
            QuantScheme wide = QuantScheme.uniform(memory, "L1.embedding", 2, 2, BitWidth.Q16, Granularity.TENSOR);
            QuantScheme offset = QuantScheme.uniform(memory, "L1.embedding", 2, 2, BitWidth.Q4, Granularity.TENSOR);
            offset.blocks().get(0).params().setRange(0, -1, 1, 15);
            for (QuantScheme scheme : List.of(wide, offset)) {
                assertThat(SparsePacker.suits(scheme)).isFalse();
                PackedMatrix x = PackedMatrix.allocate(memory, scheme);
                assertThatThrownBy(() -> SparsePacker.encode(x, memory))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("L1.embedding: the sparse form needs integers of at most 8 bits");
            }
        }
    }
}
