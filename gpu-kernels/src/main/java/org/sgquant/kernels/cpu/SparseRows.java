package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.sgquant.kernels.PackedProduct;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparseRowReader;

/** Rows of products of sparse packed matrices, from the codes that are there. */
final class SparseRows {

    private SparseRows() {}

    static ProductRows gemm(Workers workers, PackedProduct.SparseGemm p) {
        SparsePackedMatrix a = p.a();
        return new ProductRows(
                body -> workers.run(a.storedBytes() * Math.max(1, p.cols()), a.rows(), body), scratch -> {
                    SparseRowReader reader = new SparseRowReader(a);
                    RowProducts products = new RowProducts(p.w());
                    float[] value = new float[a.cols()];
                    return (from, to, out) -> {
                        for (int i = from; i < to; i++) {
                            int n = readAscending(reader, i, a.granularity(), value);
                            products.sparse(out, i - from, reader.columns(), value, n);
                        }
                    };
                });
    }

    private static int readAscending(SparseRowReader reader, int i, Granularity granularity, float[] value) {
        int n = reader.readAscending(i);
        boolean byColumn = granularity == Granularity.COLUMN;
        float scale = byColumn ? 0 : reader.scale(0);
        for (int j = 0; j < n; j++) {
            value[j] = (byColumn ? reader.scale(reader.columns()[j]) : scale) * reader.codes()[j];
        }
        return n;
    }

    static ProductRows sum(Workers workers, PackedProduct.SparseSum p) {
        return new ProductRows(body -> workers.runRows(p.graph(), p.cols(), body), scratch -> {
            SparseRowSum sum = new SparseRowSum(p.graph(), p.x());
            float[] row = new float[p.cols()];
            return (from, to, out) -> {
                for (int i = from; i < to; i++) {
                    int n = sum.read(i);
                    Arrays.fill(row, 0);
                    for (int j = 0; j < n; j++) {
                        row[sum.columns()[j]] = sum.values()[j];
                    }
                    MemorySegment.copy(row, 0, out.data(), JAVA_FLOAT, out.rowOffset(i - from), out.cols());
                }
            };
        });
    }

    static ProductRows sumGemm(Workers workers, PackedProduct.SparseSumGemm p) {
        FloatMatrix rowScale = p.rowScale();
        return new ProductRows(body -> workers.runRows(p.graph(), p.x().cols() + p.cols(), body), scratch -> {
            SparseRowSum sum = new SparseRowSum(p.graph(), p.x());
            RowProducts products = new RowProducts(p.w());
            return (from, to, out) -> {
                for (int i = from; i < to; i++) {
                    int n = sum.read(i);
                    float factor = rowScale == null ? 1 : rowScale.get(0, i);
                    for (int j = 0; j < n; j++) {
                        sum.values()[j] *= factor;
                    }
                    products.sparse(out, i - from, sum.columns(), sum.values(), n);
                }
            };
        });
    }
}
