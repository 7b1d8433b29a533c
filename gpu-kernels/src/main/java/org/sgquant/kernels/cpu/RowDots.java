package org.sgquant.kernels.cpu;

import java.util.List;
import jdk.incubator.vector.IntVector;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.PackedLayout;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/** Dot products of rows of a packed matrix as {@code PackedAttentionOps.attendCosine} gives them; one thread's scratch. */
final class RowDots {

    private final PackedMatrix x;
    private final boolean commonScale;
    private final List<BlockParams> params;
    private final RowCodes[] codes;
    private final Row left;
    private final Row right;

    RowDots(PackedMatrix x) {
        this.x = x;
        Granularity granularity = x.scheme().granularity();
        commonScale = granularity == Granularity.TENSOR || granularity == Granularity.BUCKET;
        params = BlockParams.all(x.scheme());
        codes = x.scheme().blocks().stream()
                .map(b -> b.bits().isPacked() ? new RowCodes(b.bits(), x.cols()) : null)
                .toArray(RowCodes[]::new);
        left = new Row();
        right = new Row();
    }

    float dot(int i, int j) {
        left.moveTo(i);
        right.moveTo(j);
        if (!commonScale || !isInteger(left.block) || !isInteger(right.block)) {
            float acc = 0;
            for (int k = 0; k < x.cols(); k++) {
                acc = Math.fma(left.values[k], right.values[k], acc);
            }
            return acc;
        }
        long products = 0;
        for (int k = 0; k < x.cols(); k++) {
            products += (long) left.codes[k] * right.codes[k];
        }
        float si = params.get(left.block).scale[0];
        float sj = params.get(right.block).scale[0];
        float oi = params.get(left.block).offset[0];
        float oj = params.get(right.block).offset[0];
        float constant = (float) x.cols() * (oi * oj);
        return Math.fma(
                si * sj,
                (float) products,
                Math.fma(si * oj, (float) left.codeSum, Math.fma(sj * oi, (float) right.codeSum, constant)));
    }

    private boolean isInteger(int block) {
        return x.scheme().blocks().get(block).bits().isInteger();
    }

    /** A decoded row: its codes and their sum, and its values. */
    private final class Row {

        final int[] codes = new int[Lanes.padded(x.cols())];
        final float[] values = new float[Lanes.padded(x.cols())];
        int block;
        long codeSum;
        private int row = -1;

        void moveTo(int next) {
            if (next == row) {
                return;
            }
            row = next;
            block = 0;
            while (row >= x.scheme().blocks().get(block).rowEnd()) {
                block++;
            }
            Block of = x.scheme().blocks().get(block);
            long offset = (long) (row - of.rowStart()) * x.stride(block);
            if (of.bits().isPacked()) {
                decode(offset);
                return;
            }
            for (int k = 0; k < x.cols(); k++) {
                values[k] = PackedLayout.getFloat(x.data(block), offset, k);
            }
        }

        private void decode(long offset) {
            RowCodes packed = RowDots.this.codes[block];
            packed.load(x.data(block), offset);
            params.get(block).moveTo(x, block, row);
            for (int k = 0; k < x.cols(); k += Lanes.FLOATS) {
                IntVector u = packed.get(k);
                u.intoArray(codes, k);
                params.get(block).dequantize(u, k).intoArray(values, k);
            }
            codeSum = 0;
            for (int k = 0; k < x.cols(); k++) {
                codeSum += codes[k];
            }
        }
    }
}
