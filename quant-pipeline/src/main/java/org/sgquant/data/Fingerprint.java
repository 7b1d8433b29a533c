package org.sgquant.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** SHA-256 over numbers: every array goes in as its length and its little-endian values. */
final class Fingerprint {

    private final MessageDigest digest = sha256();

    private Fingerprint() {}

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Over graph, features, labels and split. */
    static String of(Dataset dataset) {
        Fingerprint f = new Fingerprint();
        f.add(dataset.graph());
        switch (dataset.features()) {
            case Features.Sparse sparse -> {
                f.add(sparse.matrix().pattern());
                f.add(sparse.matrix().values());
            }
            case Features.Dense dense -> f.add(dense.matrix());
        }
        f.add(dataset.labels());
        f.add(dataset.split().train());
        f.add(dataset.split().validation());
        f.add(dataset.split().test());
        return HexFormat.of().formatHex(f.digest.digest());
    }

    /** Over graphs, tags and their features, labels and folds. */
    static String of(GraphCollection graphs) {
        Fingerprint f = new Fingerprint();
        f.add(graphs.nodePtr());
        f.add(graphs.rowPtr());
        f.add(graphs.colIdx());
        f.add(graphs.tags());
        if (!graphs.tagFeatures().isOneHot()) {
            for (int[] columns : graphs.tagFeatures().columns()) {
                f.add(columns);
            }
        }
        f.add(graphs.labels());
        for (GraphCollection.Fold fold : graphs.folds()) {
            f.add(fold.train());
            f.add(fold.test());
        }
        return HexFormat.of().formatHex(f.digest.digest());
    }

    private void add(CsrGraph pattern) {
        add(pattern.numRows(), pattern.numCols());
        add(pattern.rowPtr().toArray());
        add(pattern.colIdx().toArray());
    }

    private void add(FloatMatrix matrix) {
        add(matrix.rows(), matrix.cols());
        for (int r = 0; r < matrix.rows(); r++) {
            float[] row = matrix.row(r);
            ByteBuffer bytes = ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(row);
            digest.update(bytes);
        }
    }

    private void add(int... values) {
        ByteBuffer bytes =
                ByteBuffer.allocate((values.length + 1) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values.length).put(values);
        digest.update(bytes);
    }
}
