package org.sgquant.tensor;

/** What one scale and offset belong to. Each block of a {@link QuantScheme} (a degree bucket) has its own width. */
public enum Granularity {
    /** One range for the whole tensor; blocks of different width still differ in scale. */
    TENSOR,
    /** One range per block, that is per degree bucket. */
    BUCKET,
    /** One range per column (channel) and block. */
    COLUMN,
    /** One range per row (node). */
    ROW;

    /** Scales of a block of {@code rows x cols}. */
    public int scalesPerBlock(int rows, int cols) {
        return switch (this) {
            case TENSOR, BUCKET -> 1;
            case COLUMN -> cols;
            case ROW -> rows;
        };
    }
}
