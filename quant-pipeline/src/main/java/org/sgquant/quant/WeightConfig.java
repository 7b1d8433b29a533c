package org.sgquant.quant;

import java.util.List;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.MultibitLevels;
import org.sgquant.kernels.PowerLevels;
import org.sgquant.tensor.BitWidth;

/**
 * How weights are quantized: affine codes with a range per output column by {@code calibration}; or, where
 * {@code powers} is not null, powers of two that are frozen step by step while the rest goes on training; or, where
 * {@code multibit}, sums of signs with as many coordinates per output column as the width has bits
 * ({@link org.sgquant.kernels.MultibitOps}).
 */
public record WeightConfig(Calibration calibration, Powers powers, boolean multibit) {

    /** Affine codes of least squared error. */
    public static final WeightConfig DEFAULT = new WeightConfig(Calibration.MSE, null, false);

    public WeightConfig {
        if (powers != null && multibit) {
            throw new IllegalArgumentException("weights are powers of two or multi-bit, not both");
        }
    }

    /** Whether weights have affine codes, with a scale and an offset per column. */
    public boolean isAffine() {
        return powers == null && !multibit;
    }

    /** Refuses these weights for {@code what}, which needs others, unless they are {@code fit}. */
    public void require(boolean fit, String what, String needed) {
        if (!fit) {
            throw new IllegalArgumentException(what + " needs " + needed + " weights, got --weights "
                    + (isAffine() ? "affine" : multibit ? "multibit" : "pot"));
        }
    }

    /** Whether there are such weights of this width; 32 are fp32. */
    public boolean takes(BitWidth width) {
        if (isAffine() || !width.isPacked()) {
            return true;
        }
        return width.isInteger() && (multibit ? MultibitLevels.takes(width.bits()) : PowerLevels.takes(width.bits()));
    }

    /** Refuses a width that {@link #takes} does not. */
    public void requireWidth(BitWidth width) {
        if (takes(width)) {
            return;
        }
        if (width.isFloat()) {
            throw new IllegalArgumentException("weights of " + width + " are floats, weights as "
                    + (multibit ? "sums of signs" : "powers of two") + " are not: choose an integer width");
        }
        if (multibit) {
            MultibitLevels.requireWidth(width.bits());
        } else {
            PowerLevels.requireWidth(width.bits());
        }
    }

    /** Bytes that turn the codes of a packed weight of {@code cols} columns into numbers, beyond its scheme's. */
    public long levelBytes(int bits, int cols) {
        if (multibit) {
            return (long) Float.BYTES * bits * cols;
        }
        return powers == null ? 0 : Float.BYTES;
    }

    /**
     * Which entries are frozen first, and the shares of all entries that are frozen after each step, ascending to 1.
     * Source of the shares: Zhou et al., ICLR 2017 (INQ), section 3.1.
     */
    public record Powers(FreezingOrder order, List<Double> shares) {

        /** Shares of INQ on AlexNet. */
        public static final List<Double> SHARES = List.of(0.3, 0.6, 0.8, 1.0);

        public Powers {
            for (int i = 0; i < shares.size(); i++) {
                if (!(shares.get(i) > (i == 0 ? 0 : shares.get(i - 1)))) {
                    throw new IllegalArgumentException(
                            "shares of frozen weights must ascend from above 0, got " + shares);
                }
            }
            if (shares.isEmpty() || shares.getLast() != 1) {
                throw new IllegalArgumentException("shares of frozen weights must end at 1, got " + shares);
            }
        }
    }
}
