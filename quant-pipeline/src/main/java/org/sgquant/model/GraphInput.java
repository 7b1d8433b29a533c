package org.sgquant.model;

import java.util.Arrays;
import org.sgquant.data.Dataset;
import org.sgquant.data.Features;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.SparseMatrix;
import org.sgquant.tensor.Sparsity;

/**
 * A dataset on a device, with what a graph convolution derives from it once.
 *
 * <p>{@code adjacency} is A + I (N x N). {@code norm} is (d + 1)^-1/2, 1 x N;
 * {@code edgeNorm} holds the entries of D^-1/2 (A + I) D^-1/2 per edge of {@code adjacency}. Features are sparse or
 * dense, as the dataset has them.
 */
public final class GraphInput implements AutoCloseable {

    private final Dataset dataset;
    private final Backend backend;
    private final Memory memory;
    private final Sparsity adjacency;
    private final FloatMatrix norm;
    private final float[] normOnHost;
    private final int[] edgeRowPtr;
    private final float[] edgeNorm;
    private FloatMatrix edgeNormValues;
    private final Sparsity featurePattern;
    private final FloatMatrix features;
    private final IntArray labels;
    private final IntArray train;
    private final IntArray validation;
    private final IntArray test;

    public GraphInput(Dataset dataset, Backend backend) {
        this.dataset = dataset;
        this.backend = backend;
        this.memory = backend.newMemory("graph");
        Transfer upload = new Transfer(backend, memory);
        try (HostMemory hostMemory = new HostMemory()) {
            CsrGraph host = withSelfLoops(dataset.graph(), hostMemory);
            float[] inverseRoot = new float[host.numRows()];
            for (int i = 0; i < inverseRoot.length; i++) {
                inverseRoot[i] = (float) (1 / Math.sqrt(host.degree(i)));
            }
            CsrGraph graph = upload.graph(host);
            // A + I is its own transpose, but the values of its edges need not be symmetric once they are quantized.
            IntArray reverseEdge = upload.ints(host.transpose(hostMemory).sourceEdge());
            this.adjacency = new Sparsity(graph, graph, reverseEdge);
            this.norm = upload.vector(inverseRoot);
            this.normOnHost = inverseRoot;
            this.edgeRowPtr = host.rowPtr().toArray();
            this.edgeNorm = edgeNorm(host, inverseRoot);
            switch (dataset.features()) {
                case Features.Sparse sparse -> {
                    SparseMatrix matrix = upload.sparse(sparse.matrix());
                    this.featurePattern = upload.sparsity(sparse.matrix().pattern());
                    this.features = matrix.values();
                }
                case Features.Dense dense -> {
                    this.featurePattern = null;
                    this.features = upload.matrix(dense.matrix());
                }
            }
            this.labels = upload.ints(dataset.labels());
            this.train = upload.ints(dataset.split().train());
            this.validation = upload.ints(dataset.split().validation());
            this.test = upload.ints(dataset.split().test());
        }
    }

    private static CsrGraph withSelfLoops(CsrGraph graph, HostMemory memory) {
        int n = graph.numRows();
        int[] colIdx = graph.colIdx().toArray();
        int[] rowPtr = graph.rowPtr().toArray();
        int[] ptr = new int[n + 1];
        int[] col = new int[colIdx.length + n];
        for (int i = 0; i < n; i++) {
            int from = rowPtr[i] + i;
            int degree = rowPtr[i + 1] - rowPtr[i];
            System.arraycopy(colIdx, rowPtr[i], col, from, degree);
            col[from + degree] = i;
            ptr[i + 1] = from + degree + 1;
            Arrays.sort(col, from, ptr[i + 1]);
        }
        return CsrGraph.of(memory, n, ptr, col);
    }

    private static float[] edgeNorm(CsrGraph graph, float[] inverseRoot) {
        int[] colIdx = graph.colIdx().toArray();
        float[] values = new float[colIdx.length];
        for (int i = 0; i < graph.numRows(); i++) {
            for (int e = graph.rowPtr().get(i); e < graph.rowPtr().get(i + 1); e++) {
                values[e] = inverseRoot[i] * inverseRoot[colIdx[e]];
            }
        }
        return values;
    }

    public Dataset dataset() {
        return dataset;
    }

    public int numNodes() {
        return dataset.numNodes();
    }

    public int numFeatures() {
        return dataset.features().cols();
    }

    public int numClasses() {
        return dataset.numClasses();
    }

    /** A + I, each entry weighing 1. */
    public Sparsity adjacency() {
        return adjacency;
    }

    /** {@code (d + 1)^-1/2}, 1 x N. */
    public FloatMatrix norm() {
        return norm;
    }

    /** {@link #norm} on the host. */
    public float[] normOnHost() {
        return normOnHost;
    }

    /** Row pointers of {@link #adjacency} on the host. */
    public int[] edgeRowPtr() {
        return edgeRowPtr;
    }

    /** Values of D^-1/2 (A + I) D^-1/2 in the order of {@link #adjacency}, on the host. */
    public float[] edgeNorm() {
        return edgeNorm;
    }

    /** {@link #edgeNorm} on the device; uploaded when first asked for, since the folded norm never needs it. */
    public FloatMatrix edgeNormValues() {
        if (edgeNormValues == null) {
            edgeNormValues = new Transfer(backend, memory).vector(edgeNorm);
        }
        return edgeNormValues;
    }

    /** Pattern of sparse features, null where they are dense. */
    public Sparsity featurePattern() {
        return featurePattern;
    }

    /** Dense features N x F, or the 1 x nnz values of {@link #featurePattern}. */
    public FloatMatrix features() {
        return features;
    }

    public IntArray labels() {
        return labels;
    }

    public IntArray train() {
        return train;
    }

    public IntArray validation() {
        return validation;
    }

    public IntArray test() {
        return test;
    }

    @Override
    public void close() {
        memory.close();
    }
}
