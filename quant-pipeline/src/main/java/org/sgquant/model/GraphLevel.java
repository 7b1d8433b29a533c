package org.sgquant.model;

import org.sgquant.data.GraphBatch;
import org.sgquant.kernels.Multiplicity;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Sparsity;

/**
 * What one layer computes on, on a device.
 *
 * @param adjacency A + I, rows of this level by rows of the level below; null at the level of the features
 * @param edgeCounts value of each entry of {@code adjacency}, null for ones
 * @param below the row of the level below for each row, null for the same
 * @param multiplicity nodes that each row stands for, null for one
 * @param pooling graphs by rows, null where nodes are what is classified
 * @param poolCounts value of each entry of {@code pooling}, null for ones
 */
public record GraphLevel(
        Sparsity adjacency,
        FloatMatrix edgeCounts,
        Sparsity below,
        Multiplicity multiplicity,
        Sparsity pooling,
        FloatMatrix poolCounts) {

    /** Rows that this level computes. */
    public int rows() {
        return adjacency == null ? pooling.graph().numCols() : adjacency.graph().numRows();
    }

    /** Nodes to classify, one row each. */
    static GraphLevel ofNodes(Sparsity adjacency) {
        return new GraphLevel(adjacency, null, null, null, null, null);
    }

    /** Uploads a level of a batch. */
    static GraphLevel upload(GraphBatch.Level level, Transfer upload) {
        try (HostMemory host = new HostMemory()) {
            GraphBatch.Pattern adjacency = level.adjacency();
            return new GraphLevel(
                    adjacency == null ? null : upload.sparsity(csr(adjacency, host)),
                    adjacency == null || adjacency.counts() == null ? null : upload.vector(adjacency.counts()),
                    level.below() == null ? null : upload.sparsity(csr(level.below(), host)),
                    level.multiplicity() == null ? null : multiplicity(level.multiplicity(), upload),
                    upload.sparsity(csr(level.pooling(), host)),
                    level.pooling().counts() == null
                            ? null
                            : upload.vector(level.pooling().counts()));
        }
    }

    private static CsrGraph csr(GraphBatch.Pattern p, HostMemory host) {
        return CsrGraph.of(host, p.numCols(), p.rowPtr(), p.colIdx());
    }

    private static Multiplicity multiplicity(int[] counts, Transfer upload) {
        float[] values = new float[counts.length];
        long total = 0;
        for (int i = 0; i < counts.length; i++) {
            values[i] = counts[i];
            total += counts[i];
        }
        return new Multiplicity(upload.vector(values), total);
    }
}
