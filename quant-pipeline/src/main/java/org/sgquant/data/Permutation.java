package org.sgquant.data;

import java.util.Arrays;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.ShapeException;
import org.sgquant.tensor.SparseMatrix;

/** A renumbering of nodes and its inverse: new node i is old node {@code newToOld[i]}. */
record Permutation(int[] newToOld, int[] oldToNew) {

    static Permutation of(int[] newToOld, int nodes) {
        ShapeException.require(newToOld.length, nodes, "Dataset.permuted: newToOld.length must equal numNodes");
        int[] oldToNew = new int[nodes];
        Arrays.fill(oldToNew, -1);
        for (int i = 0; i < nodes; i++) {
            int old = newToOld[i];
            if (old < 0 || old >= nodes || oldToNew[old] >= 0) {
                throw new ShapeException("Dataset.permuted: newToOld must list every node once, got " + old + " at " + i
                        + " (out of range or listed before)");
            }
            oldToNew[old] = i;
        }
        return new Permutation(newToOld.clone(), oldToNew);
    }

    int[] apply(int[] perNode) {
        int[] moved = new int[perNode.length];
        Arrays.setAll(moved, i -> perNode[newToOld[i]]);
        return moved;
    }

    /** Renumbers rows and columns and sorts the columns again. */
    CsrGraph apply(CsrGraph graph, Memory memory) {
        int[] ptr = graph.rowPtr().toArray();
        int[] col = graph.colIdx().toArray();
        int[] newPtr = movedRows(ptr);
        int[] newCol = new int[col.length];
        for (int i = 0; i < newToOld.length; i++) {
            int from = ptr[newToOld[i]];
            for (int e = newPtr[i]; e < newPtr[i + 1]; e++) {
                newCol[e] = oldToNew[col[from + e - newPtr[i]]];
            }
            Arrays.sort(newCol, newPtr[i], newPtr[i + 1]);
        }
        return new CsrGraph(graph.numRows(), graph.numCols(), IntArray.of(memory, newPtr), IntArray.of(memory, newCol));
    }

    Features apply(Features features, Memory memory) {
        return switch (features) {
            case Features.Sparse sparse -> new Features.Sparse(apply(sparse.matrix(), memory));
            case Features.Dense dense -> new Features.Dense(apply(dense.matrix(), memory));
        };
    }

    private FloatMatrix apply(FloatMatrix m, Memory memory) {
        FloatMatrix moved = FloatMatrix.allocate(memory, m.rows(), m.cols());
        for (int i = 0; i < newToOld.length; i++) {
            moved.setRow(i, m.row(newToOld[i]));
        }
        return moved;
    }

    private SparseMatrix apply(SparseMatrix m, Memory memory) {
        int[] ptr = m.pattern().rowPtr().toArray();
        int[] col = m.pattern().colIdx().toArray();
        float[] values = m.values().row(0);
        int[] newPtr = movedRows(ptr);
        int[] newCol = new int[col.length];
        float[] newValues = new float[col.length];
        for (int i = 0; i < newToOld.length; i++) {
            int length = newPtr[i + 1] - newPtr[i];
            System.arraycopy(col, ptr[newToOld[i]], newCol, newPtr[i], length);
            System.arraycopy(values, ptr[newToOld[i]], newValues, newPtr[i], length);
        }
        CsrGraph pattern = new CsrGraph(m.rows(), m.cols(), IntArray.of(memory, newPtr), IntArray.of(memory, newCol));
        return new SparseMatrix(pattern, FloatMatrix.ofVector(memory, newValues));
    }

    private int[] movedRows(int[] ptr) {
        int[] newPtr = new int[ptr.length];
        for (int i = 0; i < newToOld.length; i++) {
            newPtr[i + 1] = newPtr[i] + ptr[newToOld[i] + 1] - ptr[newToOld[i]];
        }
        return newPtr;
    }
}
