package org.sgquant.kernels;

import java.util.List;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.SparseMatrix;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.Sparsity;

/** Copies host tensors into memory of a backend, and results back. */
public record Transfer(Backend backend, Memory memory) {

    public IntArray ints(int[] values) {
        try (HostMemory host = new HostMemory()) {
            return ints(IntArray.of(host, values));
        }
    }

    public IntArray ints(IntArray source) {
        IntArray target = IntArray.allocate(memory, source.size());
        backend.upload(source.data(), target.data(), source.bytes());
        return target;
    }

    public FloatMatrix vector(float[] values) {
        try (HostMemory host = new HostMemory()) {
            return matrix(FloatMatrix.ofVector(host, values));
        }
    }

    public FloatMatrix matrix(FloatMatrix source) {
        FloatMatrix target = FloatMatrix.allocate(memory, source.rows(), source.cols());
        backend.upload(source.data(), target.data(), source.bytes());
        return target;
    }

    public CsrGraph graph(CsrGraph source) {
        return new CsrGraph(source.numRows(), source.numCols(), ints(source.rowPtr()), ints(source.colIdx()));
    }

    public SparseMatrix sparse(SparseMatrix source) {
        return new SparseMatrix(graph(source.pattern()), matrix(source.values()));
    }

    /** Pattern and transpose, which is computed on the host. */
    public Sparsity sparsity(CsrGraph source) {
        try (HostMemory host = new HostMemory()) {
            CsrGraph.Transposed t = source.transpose(host);
            return new Sparsity(graph(source), graph(t.graph()), ints(t.sourceEdge()));
        }
    }

    /** Same scheme with its scales in memory of the backend. */
    public QuantScheme scheme(QuantScheme source) {
        List<QuantScheme.Block> blocks = source.blocks().stream()
                .map(b -> new QuantScheme.Block(
                        b.rowStart(),
                        b.rowEnd(),
                        b.bits(),
                        new QuantParams(
                                matrix(b.params().scale()), matrix(b.params().offset()))))
                .toList();
        return new QuantScheme(source.name(), source.cols(), source.granularity(), source.rounding(), blocks);
    }

    public PackedMatrix packed(PackedMatrix source) {
        PackedMatrix target = PackedMatrix.allocate(memory, scheme(source.scheme()));
        for (int b = 0; b < source.scheme().blocks().size(); b++) {
            backend.upload(source.data(b), target.data(b), source.dataBytes(b));
            if (source.rowCodes(b).byteSize() > 0) {
                backend.upload(
                        source.rowCodes(b),
                        target.rowCodes(b),
                        source.rowCodes(b).byteSize());
            }
        }
        return target;
    }

    public SparsePackedMatrix sparsePacked(SparsePackedMatrix source) {
        SparsePackedMatrix target = source.at(memory.allocate(source.allocationBytes()));
        backend.upload(source.data(), target.data(), source.allocationBytes());
        return target;
    }

    /** {@code source}, in memory of the backend, in memory of the host. */
    public static SparsePackedMatrix download(Backend backend, SparsePackedMatrix source, HostMemory host) {
        SparsePackedMatrix target = source.at(host.allocate(source.allocationBytes()));
        backend.download(source.data(), target.data(), source.allocationBytes());
        return target;
    }

    /** Copies rows of a heap array into {@code target}, in memory of the backend. */
    public static void copy(Backend backend, float[][] values, FloatMatrix target) {
        try (HostMemory host = new HostMemory()) {
            FloatMatrix source = FloatMatrix.of(host, values);
            target.requireShape(source.rows(), source.cols(), "Transfer.copy");
            backend.upload(source.data(), target.data(), source.bytes());
        }
    }

    /** Copies {@code source}, in memory of the backend, to a heap array of rows. */
    public static float[][] download(Backend backend, FloatMatrix source) {
        try (HostMemory host = new HostMemory()) {
            FloatMatrix target = FloatMatrix.allocate(host, source.rows(), source.cols());
            backend.download(source.data(), target.data(), source.bytes());
            return target.toArray();
        }
    }
}
