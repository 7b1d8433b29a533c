package org.sgquant.experiment;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** A model's weights as bytes: their number, then rows, columns and values of each, little-endian. */
public final class Weights {

    private Weights() {}

    public static byte[] write(List<float[][]> weights) {
        int bytes = Integer.BYTES;
        for (float[][] w : weights) {
            bytes += 2 * Integer.BYTES + Float.BYTES * w.length * columns(w);
        }
        ByteBuffer out = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(weights.size());
        for (float[][] w : weights) {
            out.putInt(w.length).putInt(columns(w));
            for (float[] row : w) {
                for (float value : row) {
                    out.putFloat(value);
                }
            }
        }
        return out.array();
    }

    private static int columns(float[][] matrix) {
        return matrix.length == 0 ? 0 : matrix[0].length;
    }

    public static List<float[][]> read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int count = in.getInt();
        List<float[][]> weights = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            float[][] w = new float[in.getInt()][];
            int columns = in.getInt();
            for (int r = 0; r < w.length; r++) {
                w[r] = new float[columns];
                for (int c = 0; c < columns; c++) {
                    w[r][c] = in.getFloat();
                }
            }
            weights.add(w);
        }
        return weights;
    }
}
