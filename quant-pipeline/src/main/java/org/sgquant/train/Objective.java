package org.sgquant.train;

import org.sgquant.kernels.LossOps.Correction;

/**
 * What training minimises: {@code (1 - w) L(labels of the training nodes) + w T^2 KL(teacher || student)}.
 *
 * <p>L is the cross-entropy, corrected for symmetric label noise of rate {@code noise} where {@code labelLoss} says so.
 * The second term, over all nodes and without their labels, is there in fine-tuning where {@code distillation} is not
 * null: the teacher is the fp32 model that fine-tuning starts from. Validation is by the plain cross-entropy.
 */
public record Objective(LabelLoss labelLoss, double noise, Distillation distillation) {

    /** The cross-entropy alone. */
    public static final Objective PLAIN = new Objective(LabelLoss.PLAIN, 0, null);

    /** The loss on labels. Source of the corrected ones: Patrini et al., CVPR 2017; for graphs Hoang et al., 2019. */
    public enum LabelLoss {
        PLAIN,
        FORWARD,
        BACKWARD;

        /** Parses {@code plain}, {@code forward} or {@code backward}. */
        public static LabelLoss parse(String text) {
            return switch (text) {
                case "plain" -> PLAIN;
                case "forward" -> FORWARD;
                case "backward" -> BACKWARD;
                default ->
                    throw new IllegalArgumentException(
                            "loss '" + text + "' does not exist: choose plain, forward or backward");
            };
        }

        /** How the noise enters the loss, null where it does not. */
        Correction correction() {
            return switch (this) {
                case PLAIN -> null;
                case FORWARD -> Correction.FORWARD;
                case BACKWARD -> Correction.BACKWARD;
            };
        }
    }

    /** Share w and temperature T of distillation. Source: Hinton, Vinyals and Dean, 2015. */
    public record Distillation(float weight, float temperature) {

        /** Where none is named. */
        public static final float TEMPERATURE = 2;

        /** {@code temperature} may be null, for {@link #TEMPERATURE}. */
        public static Distillation of(float weight, Float temperature) {
            return new Distillation(weight, temperature == null ? TEMPERATURE : temperature);
        }

        public Distillation {
            if (!(weight >= 0 && weight <= 1) || !(temperature > 0 && temperature < Float.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "distillation needs a share in [0, 1] and a positive temperature, got " + weight + ":"
                                + temperature);
            }
        }
    }

    public Objective {
        if (!(noise >= 0 && noise < 1)) {
            throw new IllegalArgumentException("label noise " + noise + " must lie in [0, 1)");
        }
    }

    public Objective withoutDistillation() {
        return new Objective(labelLoss, noise, null);
    }

    /**
     * {@code T = (1 - n) I + n / (C - 1) (1 - I)}, C x C, for the forward loss, its inverse for the backward one.
     *
     * @throws IllegalArgumentException where n is (C - 1) / C or more: then labels tell nothing
     */
    float[][] noiseMatrix(int classes) {
        double off = classes == 1 ? 0 : noise / (classes - 1);
        double diagonal = 1 - noise - off;
        if (!(diagonal > 0)) {
            throw new IllegalArgumentException(
                    "label noise " + noise + " is too much for a loss on " + classes + " classes to correct");
        }
        boolean inverse = labelLoss == LabelLoss.BACKWARD;
        float[][] matrix = new float[classes][classes];
        for (int i = 0; i < classes; i++) {
            for (int j = 0; j < classes; j++) {
                double entry = i == j ? 1 : 0;
                // Sherman and Morrison: the rows of T sum to 1, so (diagonal I + off 1 1^T)^-1 = (I - off 1 1^T) /
                // diagonal.
                matrix[i][j] = (float) (inverse ? (entry - off) / diagonal : diagonal * entry + off);
            }
        }
        return matrix;
    }
}
