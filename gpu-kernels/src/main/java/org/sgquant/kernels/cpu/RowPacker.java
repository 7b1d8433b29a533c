package org.sgquant.kernels.cpu;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** Stores rows of floats as the codes of a packed matrix; one thread's. */
final class RowPacker {

    private final PackedMatrix out;
    private final QuantScheme scheme;
    private final BlockParams[] params;
    private final RowCodes[] codes;

    RowPacker(PackedMatrix out) {
        this.out = out;
        this.scheme = out.scheme();
        this.params = new BlockParams[scheme.blocks().size()];
        this.codes = new RowCodes[scheme.blocks().size()];
    }

    /**
     * Stores the rows of {@code x}, which are those of the tensor from {@code first} on.
     *
     * @throws NonFiniteException at the first NaN or infinity in row order, in a packed block
     */
    void pack(FloatMatrix x, int first) {
        for (int b = 0; b < params.length; b++) {
            Block block = scheme.blocks().get(b);
            int from = Math.max(0, block.rowStart() - first);
            int to = Math.min(x.rows(), block.rowEnd() - first);
            if (from < to && block.bits().isPacked()) {
                pack(b, x, from, to, first);
            } else if (from < to) {
                copy(b, x, from, to, first);
            }
        }
    }

    private void copy(int b, FloatMatrix x, int from, int to, int first) {
        long stride = out.stride(b);
        int start = scheme.blocks().get(b).rowStart();
        for (int r = from; r < to; r++) {
            long row = (first + r - start) * stride;
            out.data(b).asSlice(row, stride).fill((byte) 0);
            MemorySegment.copy(x.data(), x.rowOffset(r), out.data(b), row, 4L * scheme.cols());
        }
    }

    private void pack(int b, FloatMatrix x, int from, int to, int first) {
        Block block = scheme.blocks().get(b);
        if (params[b] == null) {
            params[b] = new BlockParams(scheme, block);
            codes[b] = new RowCodes(block.bits(), scheme.cols());
        }
        BlockParams scales = params[b];
        RowCodes row = codes[b];
        long stride = out.stride(b);
        for (int r = from; r < to; r++) {
            int node = first + r;
            CpuQuantizer.requireFinite(x, r, node, scheme.name());
            scales.moveTo(x, r, node);
            scales.storeRowCodes(out, b, node);
            for (int c = 0; c < scheme.cols(); c += Lanes.FLOATS) {
                FloatVector t = CpuQuantizer.normalised(CpuQuantizer.load(x, x.rowOffset(r), c), scales, c);
                row.set(
                        c,
                        scales.floats() == null
                                ? CpuQuantizer.codes(t, block, scheme.rounding())
                                : scales.floats().codes(t));
            }
            row.store(out.data(b), (node - block.rowStart()) * stride);
        }
    }
}
