package org.sgquant.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sgquant.data.Dataset;
import org.sgquant.data.Features;
import org.sgquant.data.GraphBatch;
import org.sgquant.data.TagFeatures;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.quant.Cell;
import org.sgquant.quant.CellShape;
import org.sgquant.quant.Component;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.SparseMatrix;
import org.sgquant.tensor.Sparsity;

/**
 * A dataset or a batch of graphs on a device, with what a graph convolution derives from it once.
 *
 * <p>Of a dataset nodes are classified, and every layer computes all of them; of a {@link GraphBatch} graphs are, and
 * each layer has a {@link GraphLevel} of its own. What only datasets have is null for a batch. {@code adjacency} is A + I (N x N). {@code norm} is (d + 1)^-1/2, 1 x N;
 * {@code edgeNorm} holds the entries of D^-1/2 (A + I) D^-1/2 per edge of {@code adjacency}. Features are sparse or
 * dense, as the dataset has them.
 */
public final class GraphInput implements AutoCloseable {

    private final Dataset dataset;
    private final Features hostFeatures;
    private long featureNonZeros = -1;
    private final int numClasses;
    private final int[] degrees;
    private final HostMemory batchFeatures = new HostMemory();
    private final Backend backend;
    private final Memory memory;
    private final Sparsity adjacency;
    private final List<GraphLevel> levels;
    private final FloatMatrix inverseSizes;
    private Sparsity neighbours;
    private FloatMatrix inverseDegrees;
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
        this.hostFeatures = dataset.features();
        this.numClasses = dataset.numClasses();
        this.degrees = dataset.degrees();
        this.inverseSizes = null;
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
            this.levels = List.of(GraphLevel.ofNodes(adjacency));
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

    /** Graphs to classify: labels and logits are one per graph, all of them to train on. */
    public GraphInput(GraphBatch batch, Backend backend) {
        this.dataset = null;
        this.numClasses = batch.collection().numClasses();
        this.backend = backend;
        this.memory = backend.newMemory("graph");
        Transfer upload = new Transfer(backend, memory);
        List<GraphLevel> uploaded = new ArrayList<>();
        for (int l = 0; l < batch.levels().size(); l++) {
            GraphBatch.Level level = batch.levels().get(l);
            boolean repeats = l > 0 && level.equals(batch.levels().get(l - 1));
            uploaded.add(repeats ? uploaded.getLast() : GraphLevel.upload(level, upload));
        }
        this.levels = List.copyOf(uploaded);
        this.adjacency = levels.getLast().adjacency();
        FloatMatrix tagFeatures = tagFeatures(batch);
        this.hostFeatures = new Features.Dense(tagFeatures);
        this.featurePattern = null;
        this.features = upload.matrix(tagFeatures);
        this.edgeRowPtr = batch.levels().getLast().adjacency().rowPtr();
        this.degrees = new int[edgeRowPtr.length - 1];
        Arrays.setAll(degrees, v -> edgeRowPtr[v + 1] - edgeRowPtr[v] - 1);
        this.inverseSizes = upload.vector(inverse(batch.sizes()));
        this.norm = null;
        this.normOnHost = null;
        this.edgeNorm = null;
        this.labels = upload.ints(batch.labels());
        int[] all = new int[batch.numGraphs()];
        Arrays.setAll(all, g -> g);
        this.train = upload.ints(all);
        this.validation = train;
        this.test = train;
    }

    /** Features of the lowest level, which the tags decide. */
    private FloatMatrix tagFeatures(GraphBatch batch) {
        int[] tags = batch.levels().get(0).tags();
        TagFeatures features = batch.collection().tagFeatures();
        FloatMatrix x = FloatMatrix.allocate(batchFeatures, tags.length, features.numFeatures());
        for (int v = 0; v < tags.length; v++) {
            for (int column : features.columns()[tags[v]]) {
                x.set(v, column, 1);
            }
        }
        return x;
    }

    private static float[] inverse(int[] counts) {
        float[] values = new float[counts.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = counts[i] == 0 ? 0 : 1f / counts[i];
        }
        return values;
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
        return adjacency.graph().numRows();
    }

    public int numFeatures() {
        return hostFeatures.cols();
    }

    public int numClasses() {
        return numClasses;
    }

    /** Whether graphs are classified, not nodes. */
    public boolean classifiesGraphs() {
        return dataset == null;
    }

    /** Features on the host. */
    public Features hostFeatures() {
        return hostFeatures;
    }

    /** Values of the features that are not 0; counted when first asked for. */
    public long featureNonZeros() {
        if (featureNonZeros < 0) {
            featureNonZeros = hostFeatures.nonZeros();
        }
        return featureNonZeros;
    }

    /** Neighbours of every row, self loops left out. */
    public int[] degrees() {
        return degrees;
    }

    /** What layer {@code layer} computes on, from 1; level 0 is that of the features. */
    public GraphLevel level(int layer) {
        return levels.get(Math.min(layer, levels.size() - 1));
    }

    /** The shapes of cells with the rows of the level that each belongs to. */
    public List<CellShape> fitted(List<CellShape> shapes) {
        return shapes.stream()
                .map(s -> s.cell().component().isWeight() ? s : new CellShape(s.cell(), rows(s.cell()), s.cols()))
                .toList();
    }

    private int rows(Cell cell) {
        boolean belongsBelow = cell.component() == Component.EMBEDDING;
        return level(belongsBelow ? cell.layer() - 1 : cell.layer()).rows();
    }

    /** {@code 1 / nodes} of every graph of a batch. */
    public FloatMatrix inverseSizes() {
        return inverseSizes;
    }

    /** A without self loops; uploaded when first asked for. */
    public Sparsity neighbours() {
        if (neighbours == null) {
            neighbours = Sparsity.symmetric(new Transfer(backend, memory).graph(dataset.graph()));
        }
        return neighbours;
    }

    /** {@code 1 / degree}, 0 for a node without neighbours, 1 x N; uploaded when first asked for. */
    public FloatMatrix inverseDegrees() {
        if (inverseDegrees == null) {
            inverseDegrees = new Transfer(backend, memory).vector(inverse(degrees));
        }
        return inverseDegrees;
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
        batchFeatures.close();
    }
}
