package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.sgquant.kernels.AdamStep;
import org.sgquant.kernels.LearnedQuantOps;
import org.sgquant.kernels.PackedShapes;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.QuantScheme;

/** {@link LearnedQuantOps}: column sums of row chunks, then their sums, per block; one launch for the update. */
final class CudaLearnedQuantOps implements LearnedQuantOps {

    private static final int TILE_COLUMNS = 32;

    /** Least rows of a chunk, and most chunks of a block. */
    private static final int LEAST_ROWS = 256;

    private static final int MAX_CHUNKS = 256;

    /** Sums per column: scale, offset, error. */
    private static final int SUMS = 3;

    private final Launcher launcher;

    CudaLearnedQuantOps(Launcher launcher) {
        this.launcher = launcher;
    }

    /** The launch that leaves the sums of a block's chunks in {@code parts}; all but the last argument. */
    @FunctionalInterface
    private interface ChunkSums {
        Launch of(int b, int chunk);
    }

    @Override
    public void backward(FloatMatrix x, LearnedRanges ranges, FloatMatrix gradY, FloatMatrix gradX) {
        PackedShapes.requireLearned(x, ranges, gradY, gradX);
        sum(
                ranges,
                (b, chunk) -> launcher.kernel("learned_backward_f32")
                        .pointer(x)
                        .scheme(ranges.scheme())
                        .int32(b)
                        .int32(chunk)
                        .pointer(gradY)
                        .pointer(gradX));
    }

    @Override
    public void addError(FloatMatrix x, FloatMatrix y, LearnedRanges ranges, FloatMatrix gradY) {
        PackedShapes.requireError(x, y, ranges, gradY);
        sum(
                ranges,
                (b, chunk) -> launcher.kernel("learned_error_f32")
                        .pointer(x)
                        .pointer(y)
                        .scheme(ranges.scheme())
                        .int32(b)
                        .int32(chunk)
                        .pointer(gradY));
    }

    private void sum(LearnedRanges ranges, ChunkSums chunkSums) {
        QuantScheme scheme = ranges.scheme();
        for (int b = 0; b < scheme.blocks().size(); b++) {
            int rows = scheme.blocks().get(b).rows();
            int chunk = Math.max(LEAST_ROWS, Math.ceilDiv(rows, MAX_CHUNKS));
            int chunks = Math.ceilDiv(rows, chunk);
            long partBytes = (long) Math.max(chunks, 1) * SUMS * Math.max(scheme.cols(), 1) * Float.BYTES;
            MemorySegment parts = launcher.scratch("learned range sums", partBytes);
            chunkSums.of(b, chunk).pointer(parts).run(Math.ceilDiv(scheme.cols(), TILE_COLUMNS), chunks);
            String sums = "learned_sums_f32";
            launcher.kernel(sums)
                    .scheme(scheme)
                    .int32(b)
                    .pointer(parts)
                    .int32(chunks)
                    .pointer(ranges.gradient())
                    .pointer(ranges.error())
                    .run(ranges.perColumn() ? launcher.blocks(sums, scheme.cols()) : 1);
        }
    }

    @Override
    public void step(LearnedRanges ranges, float rateFactor, StepState state) {
        String name = "learned_step_f32";
        int site = launcher.errors().site(List.of(name), (step, kind) -> AdamStep.neverStepped((int) -step));
        launcher.kernel(name)
                .scheme(ranges.scheme())
                .pointer(ranges.gradient())
                .pointer(ranges.m())
                .pointer(ranges.v())
                .float32(rateFactor)
                .pointer(state)
                .pointer(launcher.errors().word())
                .int32(site)
                .run(
                        launcher.blocks(name, ranges.error().cols()),
                        ranges.scheme().blocks().size());
    }
}
