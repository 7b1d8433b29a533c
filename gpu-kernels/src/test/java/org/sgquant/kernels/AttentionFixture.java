package org.sgquant.kernels;

import java.util.List;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** Schemes and stores of attention codes for tests. */
public final class AttentionFixture {

    private AttentionFixture() {}

    /** A block per width, the rows of {@code graph} shared out evenly; scales cover shares up to 0.6 to 1. */
    public static QuantScheme scheme(
            PackedFixture f, CsrGraph graph, int heads, Rounding rounding, BitWidth... widths) {
        int[] bounds = new int[widths.length + 1];
        for (int b = 0; b < bounds.length; b++) {
            bounds[b] = graph.rowPtr().get(graph.numRows() * b / widths.length);
        }
        QuantScheme scheme = QuantScheme.create(
                f.memory, "L1.attention", bounds, heads, List.of(widths), Granularity.BUCKET, rounding);
        for (QuantScheme.Block block : scheme.blocks()) {
            if (block.bits().isPacked()) {
                block.params().setRange(0, 0, 0.6 + 0.4 * f.random.nextFloat(), rounding.steps(block.bits()));
            }
        }
        return scheme;
    }

    /** A store full of rubbish, so that a bit that is not written shows. */
    static PackedMatrix dirty(PackedFixture f, QuantScheme scheme) {
        PackedMatrix store = PackedMatrix.allocate(f.memory, scheme);
        for (int b = 0; b < scheme.blocks().size(); b++) {
            store.data(b).fill((byte) 0xa5);
        }
        return store;
    }
}
