package org.sgquant.kernels.cpu;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Function;
import org.sgquant.kernels.Epilogue;
import org.sgquant.kernels.FusedOps;
import org.sgquant.kernels.PackedProduct;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme.Block;

/**
 * {@link FusedOps}, and every product of packed operands, in one loop over rows that threads share: each makes some rows at
 * a time, which stay in its cache until they are where they go. An N x F matrix is written only where floats are kept.
 */
final class CpuProducts implements FusedOps {

    /** What of a product is in the works at once, to a thread, or four rows: mostly less than a cache of level 2, enough to fetch ahead. */
    private static final long TILE_BYTES = 1 << 15;

    private final Workers workers;
    private final CpuKernels kernels;

    CpuProducts(Workers workers, CpuKernels kernels) {
        this.workers = workers;
        this.kernels = kernels;
    }

    @Override
    public void run(PackedProduct product, Epilogue epilogue) {
        epilogue.requireFits(product.rows(), product.cols());
        ProductRows rows = switch (product) {
            case PackedProduct.Sum sum -> sum(sum);
            case PackedProduct.Gemm gemm -> gemm(gemm);
            case PackedProduct.CodeGemm gemm -> codeGemm(gemm);
            case PackedProduct.SumGemm gemm -> sumGemm(gemm);
            case PackedProduct.SparseSum sum -> SparseRows.sum(workers, sum);
            case PackedProduct.SparseGemm gemm -> SparseRows.gemm(workers, gemm);
            case PackedProduct.SparseSumGemm gemm -> SparseRows.sumGemm(workers, gemm);
        };
        rows.share().accept((from, to) -> {
            try (Arena scratch = Arena.ofConfined()) {
                RowWriter writer = rows.writer().apply(scratch);
                switch (epilogue.to()) {
                    case Epilogue.Floats floats -> write(writer, epilogue.steps(), from, to, floats.out());
                    case Epilogue.Codes codes -> {
                        int tileRows = Math.min(to - from, tileRows(product.cols()));
                        FloatMatrix tile = tile(tileRows, product.cols(), scratch);
                        pack(writer, epilogue.steps(), from, to, tile, codes.out());
                    }
                }
            }
        });
    }

    private static void write(RowWriter writer, List<Epilogue.Step> steps, int from, int to, FloatMatrix out) {
        int rows = steps.isEmpty() ? to - from : tileRows(out.cols());
        for (int i = from; i < to; i += rows) {
            int first = i;
            FloatMatrix tile = out.slice(first, Math.min(to - first, rows) + first);
            writer.write(first, first + tile.rows(), tile);
            steps.forEach(step -> apply(step, tile, first));
        }
    }

    private static void pack(
            RowWriter writer, List<Epilogue.Step> steps, int from, int to, FloatMatrix memory, PackedMatrix out) {
        RowPacker packer = new RowPacker(out);
        for (int i = from; i < to; i += memory.rows()) {
            int first = i;
            FloatMatrix tile = memory.slice(0, Math.min(to - i, memory.rows()));
            writer.write(first, first + tile.rows(), tile);
            steps.forEach(step -> apply(step, tile, first));
            packer.pack(tile, first);
        }
    }

    /** Rows of {@code tile} are those of the product from {@code first} on. */
    private static void apply(Epilogue.Step step, FloatMatrix tile, int first) {
        int rows = tile.rows();
        switch (step) {
            case Epilogue.ScaleRows s ->
                FloatLoops.scaleRows(tile, s.factor().data().asSlice(4L * first), tile, 0, rows);
            case Epilogue.AddBias b -> FloatLoops.addBias(tile, b.bias().data(), tile, 0, rows);
            case Epilogue.AddTo a -> {
                FloatMatrix left = a.a().slice(first, first + rows);
                FloatLoops.add(left.data(), tile.data(), tile.data(), 0, Vectors.lines(tile));
            }
            case Epilogue.Relu() -> FloatLoops.relu(tile.data(), tile.data(), 0, Vectors.lines(tile));
        }
    }

    private static int tileRows(int cols) {
        long rows = TILE_BYTES / Math.max(Memory.ALIGNMENT, FloatMatrix.bytes(1, cols));
        return (int) Math.max(RowProducts.DENSE_ROWS, rows);
    }

    private static FloatMatrix tile(int rows, int cols, Arena scratch) {
        return FloatMatrix.view(scratch.allocate(FloatMatrix.bytes(rows, cols), Memory.ALIGNMENT), rows, cols);
    }

    private ProductRows sum(PackedProduct.Sum p) {
        return new ProductRows(body -> workers.runRows(p.graph(), p.cols(), body), sums(p));
    }

    private Function<Arena, RowWriter> sums(PackedProduct.Sum p) {
        if (p.weights() != null) {
            PackedShapes.requireWeights(p.graph(), p.weights());
        }
        NativeSpmm spmm = NativeSpmm.sums(kernels, p.weights(), p.x())
                ? new NativeSpmm(kernels, workers, p.graph(), p.weights(), p.x())
                : null;
        HubRows hubs = new HubRows(workers, p.graph(), p.weights(), p.x());
        hubs.sum(workers, () -> spmm == null ? new RowAggregator(p.graph(), p.weights(), p.x()) : spmm);
        return scratch -> hubs.besides(spmm == null ? new RowAggregator(p.graph(), p.weights(), p.x()) : spmm);
    }

    private ProductRows gemm(PackedProduct.Gemm p) {
        return new ProductRows(body -> overRows(p.a(), p.cols(), body), scratch -> {
            NonZeros left = new NonZeros(p.a());
            RowProducts products = new RowProducts(p.w());
            return (from, to, out) -> {
                for (int i = from; i < to; i++) {
                    products.sparse(out, i - from, left.column, left.value, left.read(i));
                }
            };
        });
    }

    private void overRows(PackedMatrix a, int cols, Workers.RangeBody body) {
        workers.run((long) a.rows() * a.cols() * Math.max(1, cols / 16), a.rows(), body);
    }

    private ProductRows codeGemm(PackedProduct.CodeGemm p) {
        List<Block> blocks = p.a().scheme().blocks();
        CodeProducts products = kernels == CpuKernels.JAVA
                ? new VectorGemm(workers, p.a(), p.w())
                : new NativeGemm(kernels, workers, p.a(), p.w());
        return new ProductRows(body -> overRows(p.a(), p.cols(), body), scratch -> {
            CodeProducts.BlockWriter writer = products.writer(scratch);
            return (from, to, out) -> {
                for (int b = 0; b < blocks.size(); b++) {
                    int first = Math.max(from, blocks.get(b).rowStart());
                    int last = Math.min(to, blocks.get(b).rowEnd());
                    if (first < last) {
                        writer.write(b, first, last, out.slice(first - from, last - from));
                    }
                }
            };
        });
    }

    private ProductRows sumGemm(PackedProduct.SumGemm p) {
        int depth = p.x().cols();
        Function<Arena, RowWriter> sums = sums(new PackedProduct.Sum(p.graph(), p.weights(), p.x()));
        return new ProductRows(body -> workers.runRows(p.graph(), depth + p.cols(), body), scratch -> {
            RowWriter aggregates = sums.apply(scratch);
            FloatMatrix memory = tile(tileRows(depth), depth, scratch);
            RowProducts products = new RowProducts(p.w());
            float[][] left = new float[RowProducts.DENSE_ROWS][Lanes.padded(depth)];
            return (from, to, out) -> {
                for (int i = from; i < to; i += memory.rows()) {
                    FloatMatrix tile = memory.slice(0, Math.min(to - i, memory.rows()));
                    aggregates.write(i, i + tile.rows(), tile);
                    if (p.rowScale() != null) {
                        apply(new Epilogue.ScaleRows(p.rowScale()), tile, i);
                    }
                    products.dense(out.slice(i - from, i - from + tile.rows()), tile, left);
                }
            };
        });
    }
}
