package org.sgquant.tensor;

/**
 * Scales and offsets of a scheme as parameters: their gradients and the two moments of Adam.
 *
 * <p>Shapes, B blocks of n scales each: {@code gradient}, {@code m} and {@code v} are 2B x n, row 2b for the scales of
 * block b and row 2b + 1 for its offsets; {@code error}, B x n, sums what quantization can change the loss by. A scale of TENSOR granularity is a block's own, so that
 * every block learns at its own width; scales of single rows ({@link Granularity#ROW}) cannot be learned.
 */
public record LearnedRanges(QuantScheme scheme, FloatMatrix gradient, FloatMatrix error, FloatMatrix m, FloatMatrix v) {

    public LearnedRanges {
        for (QuantScheme.Block block : scheme.blocks()) {
            if (block.bits().isFloat()) {
                throw new IllegalArgumentException(scheme.name() + ": the scales of " + block.bits()
                        + " come from the values of each row and cannot be learned, choose an integer width");
            }
        }
        int blocks = scheme.blocks().size();
        int n = scalesPerBlock(scheme);
        gradient.requireShape(2 * blocks, n, "LearnedRanges " + scheme.name() + ": gradient");
        error.requireShape(blocks, n, "LearnedRanges " + scheme.name() + ": error");
        m.requireShape(2 * blocks, n, "LearnedRanges " + scheme.name() + ": m");
        v.requireShape(2 * blocks, n, "LearnedRanges " + scheme.name() + ": v");
    }

    /** Gradients and moments at 0 in {@code memory}. */
    public static LearnedRanges allocate(Memory memory, QuantScheme scheme) {
        int blocks = scheme.blocks().size();
        int n = scalesPerBlock(scheme);
        return new LearnedRanges(
                scheme,
                FloatMatrix.allocate(memory, 2 * blocks, n),
                FloatMatrix.allocate(memory, blocks, n),
                FloatMatrix.allocate(memory, 2 * blocks, n),
                FloatMatrix.allocate(memory, 2 * blocks, n));
    }

    private static int scalesPerBlock(QuantScheme scheme) {
        return switch (scheme.granularity()) {
            case TENSOR, BUCKET -> 1;
            case COLUMN -> scheme.cols();
            case ROW, ROW_CODE ->
                throw new IllegalArgumentException(scheme.name()
                        + ": scales of single rows cannot be learned, choose granularity tensor, bucket or column");
        };
    }

    /** Whether a scale belongs to one column; else to a whole block. */
    public boolean perColumn() {
        return scheme.granularity() == Granularity.COLUMN;
    }

    /**
     * {@code 1 / sqrt(n (2^q - 1))}, n the elements that share a scale of {@code block}: the factor that LSQ puts on the
     * gradients of its scales.
     */
    public double gradientScale(QuantScheme.Block block) {
        double elements = (double) block.rows() * (perColumn() ? 1 : scheme.cols());
        return 1 / Math.sqrt(elements * block.bits().maxCode());
    }

    /** Whether {@code block} has scales to learn: it holds codes, and some. */
    public boolean isLearned(QuantScheme.Block block) {
        return block.bits().isPacked() && block.rows() > 0 && scheme.cols() > 0;
    }
}
