package org.sgquant.quant;

/**
 * What quantization-aware fine-tuning does beyond the straight-through estimator; everything is off in {@link #OFF}.
 *
 * <p>{@code learnedSteps}: scales and offsets of all cells computed in a forward pass are trained along with the weights,
 * from the calibrated ones on, at {@code stepRate} times their learning rate (LSQ: Esser et al., ICLR 2020; offsets:
 * LSQ+, Bhalgat et al., CVPR Workshops 2020, both with {@link QuantConfig#clipMask}).
 * {@code protection}: rows of nodes that stay in fp32 at random (Degree-Quant).
 */
public record QatConfig(boolean learnedSteps, float stepRate, Protection protection) {

    public static final QatConfig OFF = new QatConfig(false, 1, Protection.NONE);

    public QatConfig {
        if (!(stepRate > 0 && stepRate < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "the learning rate factor of scales must be positive and finite, got " + stepRate);
        }
    }
}
