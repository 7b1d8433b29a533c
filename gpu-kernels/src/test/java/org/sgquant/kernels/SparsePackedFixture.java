package org.sgquant.kernels;

import java.util.List;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** Packed matrices that 0 dominates, some columns more than others, with empty rows and full ones. */
public final class SparsePackedFixture {

    private SparsePackedFixture() {}

    /** Two blocks, of width {@code bits} and another one, an empty one between; random scales, offset 0. */
    public static PackedMatrix packed(PackedFixture f, int rows, int cols, BitWidth bits, Granularity granularity) {
        BitWidth other = bits == BitWidth.Q3 ? BitWidth.Q8 : BitWidth.Q3;
        int first = (rows + 1) / 2;
        int[] bounds = {0, first, first, rows};
        QuantScheme scheme = QuantScheme.create(
                f.memory(), "L1.embedding", bounds, cols, List.of(bits, other, other), granularity, Rounding.NEAREST);
        for (QuantScheme.Block block : scheme.blocks()) {
            FloatMatrix scale = block.params().scale();
            for (int i = 0; i < scale.cols(); i++) {
                scale.set(0, i, f.random.nextInt(1, 5) / 3f);
            }
            if (granularity == Granularity.ROW_CODE) {
                scale.set(0, 1, 3);
            }
        }
        FloatMatrix x = FloatMatrix.allocate(f.memory(), rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                boolean there = r % 7 == 3 || (r % 5 != 0 && f.random.nextInt(3 + 40 * c / cols) == 0);
                x.set(r, c, there ? f.random.nextFloat(0, 400) / (1 + r % 3) : 0);
            }
        }
        PackedMatrix packed = PackedMatrix.allocate(f.memory(), scheme);
        new ReferencePackedOps().pack(x, packed);
        return packed;
    }

    /** As above with a block for all rows, every code that is not 0 the largest. */
    public static PackedMatrix binary(PackedFixture f, int rows, int cols, BitWidth bits, int oneIn) {
        HostMemory memory = f.memory();
        QuantScheme scheme = QuantScheme.uniform(memory, "L1.embedding", rows, cols, bits, Granularity.TENSOR);
        scheme.blocks().get(0).params().setRange(0, 0, 3, 7);
        FloatMatrix x = FloatMatrix.allocate(memory, rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                x.set(r, c, f.random.nextInt(oneIn) == 0 ? Float.MAX_VALUE : 0);
            }
        }
        PackedMatrix packed = PackedMatrix.allocate(memory, scheme);
        new ReferencePackedOps().pack(x, packed);
        return packed;
    }
}
