package org.sgquant.tensor;

import java.util.Locale;

/** What one scale and offset belong to. Each block of a {@link QuantScheme} (a degree bucket) has its own width. */
public enum Granularity {
    /** One range for the whole tensor; blocks of different width still differ in scale. */
    TENSOR,
    /** One range per block, that is per degree bucket. */
    BUCKET,
    /** One range per column (channel) and block. */
    COLUMN,
    /** One range per row (node). */
    ROW,
    /** One range per block times an integer code per row: see {@link RowScale}. */
    ROW_CODE;

    /** Scales of a block of {@code rows x cols}; the second of ROW_CODE is the unit of its row codes. */
    public int scalesPerBlock(int rows, int cols) {
        return switch (this) {
            case TENSOR, BUCKET -> 1;
            case COLUMN -> cols;
            case ROW -> rows;
            case ROW_CODE -> 2;
        };
    }

    /** Bytes kept beside each row: its code for ROW_CODE, the scales of floats, which have no others. */
    public int rowCodes(BitWidth bits, int cols) {
        if (bits.isFloat()) {
            return FloatFormat.scales(cols);
        }
        return this == ROW_CODE && bits.isPacked() ? 1 : 0;
    }

    /** The name of settings: lower case without underscore, as {@code rowcode}. */
    @Override
    public String toString() {
        return name().replace("_", "").toLowerCase(Locale.ROOT);
    }
}
