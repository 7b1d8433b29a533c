package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/** The arithmetic of one number in {@link MultibitOps}, and the checks of its operands. */
public final class MultibitLevels {

    /** Most planes, and bits of a code: beyond these affine codes are as good. */
    public static final int MAX_PLANES = 4;

    /** Rounds of the alternation: of normal values the error has then ended at 2 planes, and is 12 % above its end at 4. */
    public static final int ROUNDS = 10;

    /**
     * Bound of the squared distance of a plane of signs from the span of up to three others, below which it is in there:
     * the least that is not 0 is 1, by trying all.
     */
    public static final double LEAST_PIVOT = 0.5;

    private MultibitLevels() {}

    /** Levels of column {@code j} by code. */
    public static float[] levels(FloatMatrix coordinates, int j) {
        float[] levels = new float[1 << coordinates.rows()];
        for (int code = 0; code < levels.length; code++) {
            float sum = signed(coordinates.get(0, j), code, 0);
            for (int i = 1; i < coordinates.rows(); i++) {
                sum += signed(coordinates.get(i, j), code, i);
            }
            levels[code] = sum;
        }
        return levels;
    }

    private static float signed(float a, int code, int plane) {
        return (code >> plane & 1) == 1 ? a : -a;
    }

    /** Code of the level nearest to {@code x}. */
    public static int code(float x, float[] levels) {
        int best = 0;
        float distance = Math.abs(x - levels[0]);
        for (int code = 1; code < levels.length; code++) {
            float other = Math.abs(x - levels[code]);
            if (other < distance) {
                distance = other;
                best = code;
            }
        }
        return best;
    }

    /** x N x F, coordinates k x F. */
    public static void require(FloatMatrix x, FloatMatrix coordinates, String what) {
        requireWidth(coordinates.rows());
        coordinates.requireShape(coordinates.rows(), x.cols(), what + ": coordinates");
    }

    /** As above, and out of the shape of x. */
    public static void require(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out, String what) {
        require(x, coordinates, what);
        FloatShapes.requireSame(x, out, what + ": out");
    }

    /** A sum of signs has as many terms as its code has bits. */
    public static boolean takes(int bits) {
        return bits >= 1 && bits <= MAX_PLANES;
    }

    /** Refuses other widths. */
    public static void requireWidth(int bits) {
        if (!takes(bits)) {
            throw new IllegalArgumentException("multi-bit weights take 1 to " + MAX_PLANES + " bits, got " + bits);
        }
    }

    /** The first NaN or infinity of {@code x} in row order is an error. */
    public static void requireFinite(FloatMatrix x, String tensor) {
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                if (!Float.isFinite(x.get(i, j))) {
                    throw new NonFiniteException(tensor, i, j, x.get(i, j));
                }
            }
        }
    }
}
