package org.sgquant.autograd;

import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.Sparsity;

/**
 * A tensor on a {@link Tape}: its shape and form while tracing, its buffer once the plan is compiled.
 *
 * <p>Three forms, all standing for a {@code rows x cols} matrix: dense floats; packed codes, dense or sparse;
 * or the 1 x nnz values of a sparse matrix whose pattern is {@link #sparsity()}.
 */
public final class Value {

    private final int rows;
    private final int cols;
    private final boolean requiresGrad;
    private final Sparsity sparsity;
    private final QuantScheme scheme;
    private final boolean external;
    private FloatMatrix dense;
    private PackedMatrix packed;
    private SparsePackedMatrix sparsePacked;

    private Value(int rows, int cols, boolean requiresGrad, Sparsity sparsity, QuantScheme scheme, boolean external) {
        this.rows = rows;
        this.cols = cols;
        this.requiresGrad = requiresGrad;
        this.sparsity = sparsity;
        this.scheme = scheme;
        this.external = external;
    }

    static Value external(FloatMatrix matrix, boolean requiresGrad) {
        Value v = new Value(matrix.rows(), matrix.cols(), requiresGrad, null, null, true);
        v.dense = matrix;
        return v;
    }

    static Value external(Sparsity sparsity, FloatMatrix values, boolean requiresGrad) {
        values.requireShape(1, sparsity.graph().numEdges(), "sparse value");
        Value v = new Value(sparsity.graph().numRows(), sparsity.graph().numCols(), requiresGrad, sparsity, null, true);
        v.dense = values;
        return v;
    }

    static Value external(PackedMatrix matrix) {
        Value v = new Value(matrix.rows(), matrix.cols(), false, null, matrix.scheme(), true);
        v.packed = matrix;
        return v;
    }

    static Value external(SparsePackedMatrix matrix) {
        Value v = new Value(matrix.rows(), matrix.cols(), false, null, null, true);
        v.sparsePacked = matrix;
        return v;
    }

    static Value dense(int rows, int cols, boolean requiresGrad) {
        return new Value(rows, cols, requiresGrad, null, null, false);
    }

    static Value sparse(Sparsity sparsity) {
        return new Value(sparsity.graph().numRows(), sparsity.graph().numCols(), false, sparsity, null, false);
    }

    static Value packed(QuantScheme scheme) {
        return new Value(scheme.rows(), scheme.cols(), false, null, scheme, false);
    }

    /** A new value of the form and shape of {@code like}. */
    static Value like(Value like, boolean requiresGrad) {
        return new Value(like.rows, like.cols, requiresGrad, like.sparsity, null, false);
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public boolean requiresGrad() {
        return requiresGrad;
    }

    /** Pattern of a sparse value, else null. */
    public Sparsity sparsity() {
        return sparsity;
    }

    public boolean isSparse() {
        return sparsity != null;
    }

    public boolean isPacked() {
        return scheme != null || sparsePacked != null;
    }

    /** How a dense packed value is quantized, else null. */
    public QuantScheme scheme() {
        return scheme;
    }

    /** Whether the buffer lives outside the plan's slab: parameters, features, results of the host. */
    boolean isExternal() {
        return external;
    }

    /** Buffer of a dense value, or the 1 x nnz buffer of a sparse one. */
    public FloatMatrix dense() {
        return dense;
    }

    /**
     * Codes of a packed value.
     *
     * @throws IllegalStateException where only those that are not 0 are stored
     */
    public PackedMatrix packed() {
        if (sparsePacked != null) {
            throw new IllegalStateException(
                    sparsePacked.name() + " is stored sparse, which this operation does not read: use the dense form");
        }
        return packed;
    }

    /** Codes of a sparse packed value, else null. */
    public SparsePackedMatrix sparsePacked() {
        return sparsePacked;
    }

    int bufferRows() {
        return isSparse() ? 1 : rows;
    }

    int bufferCols() {
        return isSparse() ? sparsity.graph().numEdges() : cols;
    }

    void bind(FloatMatrix buffer) {
        this.dense = buffer;
    }

    void bind(PackedMatrix buffer) {
        this.packed = buffer;
    }
}
