package org.sgquant.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;

/** Ranges, codes, bytes and sums are those that NumPy computed. */
public interface PackedOracleContract {

    PackedOps ops();

    @Test
    default void ranges_codes_bytes_and_sums_are_those_of_numpy() {
        NumpyOracle oracle = new NumpyOracle("numpy-oracle.txt");
        assertThat(oracle.cases()).hasSize(18);
        try (PackedFixture f = new PackedFixture()) {
            CsrGraph graph = CsrGraph.of(f.memory, NumpyOracle.ROWS, oracle.ints("rowPtr"), oracle.ints("colIdx"));
            for (NumpyOracle.Case expected : oracle.cases()) {
                check(f, oracle, graph, expected);
            }
        }
    }

    private void check(PackedFixture f, NumpyOracle oracle, CsrGraph graph, NumpyOracle.Case expected) {
        String what = expected.bits() + " " + expected.rounding();
        QuantScheme scheme = QuantScheme.create(
                f.memory,
                "X",
                new int[] {0, NumpyOracle.ROWS},
                NumpyOracle.COLS,
                List.of(expected.bits()),
                Granularity.TENSOR,
                expected.rounding());
        PackedMatrix x = f.packed(ops(), oracle.x(f.memory), scheme);
        QuantParams params = scheme.blocks().get(0).params();
        assertThat(new float[] {params.scale().get(0, 0), params.offset().get(0, 0)})
                .as("%s scale and offset", what)
                .containsExactly(expected.floats("params"));
        int[] codes = expected.ints("codes");
        for (int i = 0; i < codes.length; i++) {
            assertThat(x.code(i / NumpyOracle.COLS, i % NumpyOracle.COLS))
                    .as("%s code %d", what, i)
                    .isEqualTo(codes[i]);
        }
        assertThat(x.data(0).asSlice(0, x.dataBytes(0)).toArray(ValueLayout.JAVA_BYTE))
                .as("%s bytes", what)
                .containsExactly(expected.packed());
        FloatMatrix out = f.output(NumpyOracle.ROWS, NumpyOracle.COLS);
        ops().spmm(graph, x, out);
        f.assertSameBits(out, NumpyOracle.matrix(f.memory, expected.floats("spmm")), what + " spmm");
        params.setRange(0, 0, 1, 1);
        ops().spmm(graph, x, out);
        int[] sums = expected.ints("sum");
        for (int i = 0; i < sums.length; i++) {
            assertThat(out.get(i / NumpyOracle.COLS, i % NumpyOracle.COLS))
                    .as("%s sum %d", what, i)
                    .isEqualTo(sums[i]);
        }
    }
}
