package org.sgquant.kernels.reference;

import org.sgquant.kernels.MultibitLevels;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.tensor.FloatMatrix;

/** {@link MultibitOps} with explicit planes of signs; least squares by orthogonalising the planes one by one. */
public final class ReferenceMultibitOps implements MultibitOps {

    @Override
    public void calibrate(FloatMatrix x, String tensor, FloatMatrix coordinates) {
        MultibitLevels.require(x, coordinates, "calibrate " + tensor);
        MultibitLevels.requireFinite(x, tensor);
        for (int j = 0; j < x.cols(); j++) {
            greedy(x, j, coordinates);
            sort(coordinates, j);
            for (int round = 0; round < MultibitLevels.ROUNDS; round++) {
                leastSquares(x, j, coordinates);
                sort(coordinates, j);
            }
        }
    }

    private static void greedy(FloatMatrix x, int j, FloatMatrix coordinates) {
        float[] rest = new float[x.rows()];
        for (int r = 0; r < rest.length; r++) {
            rest[r] = x.get(r, j);
        }
        for (int i = 0; i < coordinates.rows(); i++) {
            double sum = 0;
            for (float value : rest) {
                sum += Math.abs(value);
            }
            float a = rest.length == 0 ? 0 : (float) (sum / rest.length);
            coordinates.set(i, j, a);
            for (int r = 0; r < rest.length; r++) {
                rest[r] -= rest[r] > 0 ? a : -a;
            }
        }
    }

    private static void leastSquares(FloatMatrix x, int j, FloatMatrix coordinates) {
        int n = x.rows();
        int planes = coordinates.rows();
        double[][] orthogonal = new double[planes][n];
        double[][] shares = new double[planes][planes];
        double[] rest = new double[n];
        int[] codes = new int[n];
        for (int r = 0; r < n; r++) {
            codes[r] = code(x.get(r, j), coordinates, j);
            rest[r] = x.get(r, j);
        }
        double[] a = new double[planes];
        double[] parts = new double[planes];
        for (int i = 0; i < planes; i++) {
            for (int r = 0; r < n; r++) {
                orthogonal[i][r] = sign(codes[r], i);
            }
            for (int p = 0; p < i; p++) {
                shares[i][p] = removed(orthogonal[i], orthogonal[p]);
            }
            parts[i] = removed(rest, orthogonal[i]);
        }
        for (int i = planes - 1; i >= 0; i--) {
            a[i] = parts[i];
            for (int later = i + 1; later < planes; later++) {
                a[i] -= shares[later][i] * a[later];
            }
            coordinates.set(i, j, (float) Math.abs(a[i]));
        }
    }

    /** Takes the part along {@code direction} out of {@code v}, and returns its length in directions; 0 where there is none. */
    private static double removed(double[] v, double[] direction) {
        double square = 0;
        double product = 0;
        for (int r = 0; r < v.length; r++) {
            square += direction[r] * direction[r];
            product += direction[r] * v[r];
        }
        if (square < MultibitLevels.LEAST_PIVOT) {
            return 0;
        }
        for (int r = 0; r < v.length; r++) {
            v[r] -= product / square * direction[r];
        }
        return product / square;
    }

    private static void sort(FloatMatrix coordinates, int j) {
        for (int i = 1; i < coordinates.rows(); i++) {
            for (int k = i; k > 0 && coordinates.get(k, j) > coordinates.get(k - 1, j); k--) {
                float larger = coordinates.get(k, j);
                coordinates.set(k, j, coordinates.get(k - 1, j));
                coordinates.set(k - 1, j, larger);
            }
        }
    }

    private static int sign(int code, int plane) {
        return (code & 1 << plane) == 0 ? -1 : 1;
    }

    private static float level(int code, FloatMatrix coordinates, int j) {
        float level = sign(code, 0) * coordinates.get(0, j);
        for (int i = 1; i < coordinates.rows(); i++) {
            level += sign(code, i) * coordinates.get(i, j);
        }
        return level;
    }

    private static int code(float x, FloatMatrix coordinates, int j) {
        int best = 0;
        for (int code = 1; code < 1 << coordinates.rows(); code++) {
            if (Math.abs(x - level(code, coordinates, j)) < Math.abs(x - level(best, coordinates, j))) {
                best = code;
            }
        }
        return best;
    }

    @Override
    public void encode(FloatMatrix x, FloatMatrix coordinates, FloatMatrix out) {
        MultibitLevels.require(x, coordinates, out, "encode");
        for (int i = 0; i < x.rows(); i++) {
            for (int j = 0; j < x.cols(); j++) {
                out.set(i, j, code(x.get(i, j), coordinates, j));
            }
        }
    }

    @Override
    public void decode(FloatMatrix codes, FloatMatrix coordinates, FloatMatrix out) {
        MultibitLevels.require(codes, coordinates, out, "decode");
        for (int i = 0; i < codes.rows(); i++) {
            for (int j = 0; j < codes.cols(); j++) {
                out.set(i, j, level((int) codes.get(i, j), coordinates, j));
            }
        }
    }
}
