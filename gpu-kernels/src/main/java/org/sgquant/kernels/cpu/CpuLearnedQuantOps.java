package org.sgquant.kernels.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.LearnedQuantOps;
import org.sgquant.kernels.LearnedStep;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.QuantScheme.Block;

/** {@link LearnedQuantOps} in vectors: column sums of chunks of rows in float, their sums in double. */
final class CpuLearnedQuantOps implements LearnedQuantOps {

    /** Rows of a chunk, whatever the number of threads. */
    private static final int CHUNK = 256;

    /** Sums per column: scale, offset, error. */
    private static final int SUMS = 3;

    /** Element operations that a value is worth. */
    private static final int WORK = 8;

    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private final Workers workers;

    CpuLearnedQuantOps(Workers workers) {
        this.workers = workers;
    }

    /** What row r of a packed block adds to the sums of its chunk. */
    @FunctionalInterface
    private interface RowSums {
        void add(BlockParams params, int r, MemorySegment sums);
    }

    @Override
    public void backward(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireLearned(x, ranges, gradY, gradX);
        QuantScheme scheme = ranges.scheme();
        for (int b = 0; b < scheme.blocks().size(); b++) {
            Block block = scheme.blocks().get(b);
            sum(ranges, b, (params, r, sums) -> addRow(x, scheme, block, params, r, gradY, gradX, sums));
            if (gradX != null && !block.bits().isPacked()) {
                long at = gradX.rowOffset(block.rowStart());
                MemorySegment.copy(gradY.data(), at, gradX.data(), at, gradX.rowOffset(block.rowEnd()) - at);
            }
        }
    }

    @Override
    public void addError(FloatMatrix x, FloatMatrix y, LearnedRanges ranges, FloatMatrix gradY) {
        PackedShapes.requireError(x, y, ranges, gradY);
        for (int b = 0; b < ranges.scheme().blocks().size(); b++) {
            sum(ranges, b, (params, r, sums) -> addError(x, y, gradY, r, sums));
        }
    }

    private static void addError(FloatMatrix x, FloatMatrix y, FloatMatrix gradY, int r, MemorySegment sums) {
        long row = x.rowOffset(r);
        long errors = sums.byteSize() / SUMS * (SUMS - 1);
        for (int c = 0; c < x.cols(); c += Lanes.FLOATS) {
            long at = row + 4L * c;
            FloatVector off = FloatVector.fromMemorySegment(Lanes.FLOAT, y.data(), at, ORDER)
                    .sub(FloatVector.fromMemorySegment(Lanes.FLOAT, x.data(), at, ORDER));
            FloatVector g = FloatVector.fromMemorySegment(Lanes.FLOAT, gradY.data(), at, ORDER);
            add(sums, errors + 4L * c, g.mul(off).abs());
        }
    }

    /** The sums of block {@code b} over its rows, none where it is not packed, into the gradient and the error. */
    private void sum(LearnedRanges ranges, int b, RowSums rowSums) {
        QuantScheme scheme = ranges.scheme();
        Block block = scheme.blocks().get(b);
        int chunks = block.bits().isPacked() ? Math.ceilDiv(block.rows(), CHUNK) : 0;
        long rowBytes = (long) FloatMatrix.stride(scheme.cols()) * Float.BYTES;
        MemorySegment parts = workers.scratch(Math.max(1, chunks) * (SUMS * rowBytes));
        workers.run((long) block.rows() * scheme.cols() * WORK, chunks, (from, to) -> {
            BlockParams params = new BlockParams(scheme, block);
            for (int chunk = from; chunk < to; chunk++) {
                int start = block.rowStart() + chunk * CHUNK;
                int end = Math.min(block.rowEnd(), start + CHUNK);
                MemorySegment sums = parts.asSlice(chunk * (SUMS * rowBytes), SUMS * rowBytes);
                sums.fill((byte) 0);
                for (int r = start; r < end; r++) {
                    rowSums.add(params, r, sums);
                }
            }
        });
        sumParts(parts, chunks, ranges, b);
    }

    private static void addRow(
            FloatMatrix x,
            QuantScheme scheme,
            Block block,
            BlockParams params,
            int r,
            FloatMatrix gradY,
            FloatMatrix gradX,
            MemorySegment sums) {
        float maxCode = block.bits().maxCode();
        long row = x.rowOffset(r);
        long rowBytes = sums.byteSize() / SUMS;
        FloatVector zero = FloatVector.zero(Lanes.FLOAT);
        for (int c = 0; c < scheme.cols(); c += Lanes.FLOATS) {
            long at = row + 4L * c;
            FloatVector g = FloatVector.fromMemorySegment(Lanes.FLOAT, gradY.data(), at, ORDER);
            FloatVector value = FloatVector.fromMemorySegment(Lanes.FLOAT, x.data(), at, ORDER);
            FloatVector t = CpuQuantizer.normalised(value, params, c);
            FloatVector u = CpuQuantizer.rounded(t, block, scheme.rounding());
            VectorMask<Float> inside = t.compare(VectorOperators.GE, 0).and(t.compare(VectorOperators.LE, maxCode));
            FloatVector off = u.sub(t);
            if (gradX != null) {
                zero.blend(g, inside).intoMemorySegment(gradX.data(), at, ORDER);
            }
            add(sums, 4L * c, g.mul(u.blend(off, inside)));
            add(sums, rowBytes + 4L * c, g.blend(zero, inside));
            add(sums, 2 * rowBytes + 4L * c, g.mul(off.mul(params.scaleAt(c))).abs());
        }
    }

    private static void add(MemorySegment sums, long at, FloatVector v) {
        FloatVector.fromMemorySegment(Lanes.FLOAT, sums, at, ORDER).add(v).intoMemorySegment(sums, at, ORDER);
    }

    /** Chunks ascending per column, then columns ascending where a block has one scale. */
    private static void sumParts(MemorySegment parts, int chunks, LearnedRanges ranges, int b) {
        int cols = ranges.scheme().cols();
        long rowBytes = (long) FloatMatrix.stride(cols) * Float.BYTES;
        for (int k = 0; k < SUMS; k++) {
            FloatMatrix target = k < 2 ? ranges.gradient() : ranges.error();
            int row = k < 2 ? 2 * b + k : b;
            double total = 0;
            for (int c = 0; c < cols; c++) {
                double sum = 0;
                for (int chunk = 0; chunk < chunks; chunk++) {
                    sum += parts.get(JAVA_FLOAT, ((long) chunk * SUMS + k) * rowBytes + 4L * c);
                }
                total += sum;
                if (ranges.perColumn()) {
                    put(target, row, c, sum, k < 2);
                }
            }
            if (!ranges.perColumn()) {
                put(target, row, 0, total, k < 2);
            }
        }
    }

    private static void put(FloatMatrix target, int row, int c, double sum, boolean fresh) {
        target.set(row, c, (float) (fresh ? sum : target.get(row, c) + sum));
    }

    @Override
    public void step(LearnedRanges ranges, float rateFactor, StepState state) {
        LearnedStep.apply(ranges, rateFactor, AdamStep.of(state));
    }
}
