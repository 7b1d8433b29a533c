package org.sgquant.kernels.cpu;

import java.util.Arrays;
import org.sgquant.kernels.MultibitLevels;
import org.sgquant.tensor.FloatMatrix;

/**
 * Coordinates of one column by alternation: values are summed per code, of which there are few, and the normal equations
 * of the least squares are made of these sums.
 */
final class MultibitFit {

    private final float[] values;
    private final FloatMatrix coordinates;
    private final int column;
    private final int planes;

    MultibitFit(FloatMatrix x, FloatMatrix coordinates, int column) {
        this.values = new float[x.rows()];
        for (int i = 0; i < values.length; i++) {
            values[i] = x.get(i, column);
        }
        this.coordinates = coordinates;
        this.column = column;
        this.planes = coordinates.rows();
    }

    void run() {
        set(greedy());
        for (int round = 0; round < MultibitLevels.ROUNDS && set(leastSquares()); round++) {
            // Codes are those of the coordinates just set; once these stay, so does everything.
        }
    }

    /** Stores magnitudes in descending order; whether that changed any. */
    private boolean set(float[] a) {
        for (int i = 0; i < planes; i++) {
            a[i] = Math.abs(a[i]);
        }
        Arrays.sort(a);
        boolean changed = false;
        for (int i = 0; i < planes; i++) {
            float next = a[planes - 1 - i];
            changed |= next != coordinates.get(i, column);
            coordinates.set(i, column, next);
        }
        return changed;
    }

    private float[] greedy() {
        float[] rest = values.clone();
        float[] a = new float[planes];
        for (int i = 0; i < planes; i++) {
            double sum = 0;
            for (float r : rest) {
                sum += Math.abs(r);
            }
            a[i] = values.length == 0 ? 0 : (float) (sum / values.length);
            for (int r = 0; r < rest.length; r++) {
                rest[r] = rest[r] > 0 ? rest[r] - a[i] : rest[r] + a[i];
            }
        }
        return a;
    }

    private float[] leastSquares() {
        float[] levels = MultibitLevels.levels(coordinates, column);
        double[] sums = new double[levels.length];
        int[] counts = new int[levels.length];
        for (float value : values) {
            int code = MultibitLevels.code(value, levels);
            sums[code] += value;
            counts[code]++;
        }
        double[][] system = new double[planes][planes + 1];
        for (int code = 0; code < levels.length; code++) {
            for (int i = 0; i < planes; i++) {
                for (int j = 0; j < planes; j++) {
                    system[i][j] += sign(code, i) * sign(code, j) * counts[code];
                }
                system[i][planes] += sign(code, i) * sums[code];
            }
        }
        return solve(system);
    }

    private static int sign(int code, int plane) {
        return (code >> plane & 1) == 1 ? 1 : -1;
    }

    /** Elimination without exchange: a pivot is the squared distance of its plane from the span of those before. */
    private static float[] solve(double[][] system) {
        int n = system.length;
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n && isPlane(system, i); j++) {
                double factor = system[j][i] / system[i][i];
                for (int c = i; c <= n; c++) {
                    system[j][c] -= factor * system[i][c];
                }
            }
        }
        double[] a = new double[n];
        float[] rounded = new float[n];
        for (int i = n - 1; i >= 0; i--) {
            double rest = system[i][n];
            for (int j = i + 1; j < n; j++) {
                rest -= system[i][j] * a[j];
            }
            a[i] = isPlane(system, i) ? rest / system[i][i] : 0;
            rounded[i] = (float) a[i];
        }
        return rounded;
    }

    private static boolean isPlane(double[][] system, int i) {
        return system[i][i] >= MultibitLevels.LEAST_PIVOT;
    }
}
