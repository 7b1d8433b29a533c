package org.sgquant.quant;

import java.util.List;
import org.sgquant.kernels.Calibration;

/**
 * How weights are quantized: affine codes with a range per output column by {@code calibration}, or, where
 * {@code powers} is not null, powers of two that are frozen step by step while the rest goes on training.
 */
public record WeightConfig(Calibration calibration, Powers powers) {

    /** Affine codes of least squared error. */
    public static final WeightConfig DEFAULT = new WeightConfig(Calibration.MSE, null);

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
