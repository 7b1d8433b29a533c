package org.sgquant.data;

import java.util.Arrays;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;

/** Directed edges {@code src[e] -> dst[e]} of nodes 0..nodes-1, as read; both ends are in range. */
record EdgeList(int nodes, int[] src, int[] dst, int weightsIgnored) {

    /** With every reverse edge added the entries still fit an int. */
    static final int MAX_EDGES = 1 << 29;

    static EdgeList of(int nodes, int[] src, int[] dst) {
        return new EdgeList(nodes, src, dst, 0);
    }

    /** Edges as pairs: {@code pairs} holds all sources then all targets, or source and target in turn. */
    static EdgeList ofPairs(int nodes, int[] pairs, boolean interleaved) {
        int n = pairs.length / 2;
        int[] src = new int[n];
        int[] dst = new int[n];
        Arrays.setAll(src, e -> interleaved ? pairs[2 * e] : pairs[e]);
        Arrays.setAll(dst, e -> interleaved ? pairs[2 * e + 1] : pairs[n + e]);
        return of(nodes, src, dst);
    }

    /** A clean graph and what cleaning changed. */
    record Cleaned(CsrGraph graph, CleaningReport report) {}

    /** Adds missing reverse edges, drops self loops and repeated entries, sorts columns. */
    Cleaned clean(Memory memory) {
        int loops = 0;
        for (int e = 0; e < src.length; e++) {
            loops += src[e] == dst[e] ? 1 : 0;
        }
        Rows forward = sortedUnique();
        Rows both = forward.union(forward.transposed());
        int isolated = 0;
        for (int r = 0; r < nodes; r++) {
            isolated += both.ptr[r] == both.ptr[r + 1] ? 1 : 0;
        }
        CleaningReport report = new CleaningReport(
                nodes,
                src.length,
                loops,
                src.length - loops - forward.col.length,
                both.col.length - forward.col.length,
                both.col.length,
                isolated,
                weightsIgnored);
        CsrGraph graph = new CsrGraph(nodes, nodes, IntArray.of(memory, both.ptr), IntArray.of(memory, both.col));
        return new Cleaned(graph, report);
    }

    /** Rows by target node, columns ascending, no repeats and no self loops. */
    private Rows sortedUnique() {
        int[] ptr = new int[nodes + 1];
        for (int e = 0; e < src.length; e++) {
            ptr[dst[e] + 1] += src[e] == dst[e] ? 0 : 1;
        }
        Arrays.parallelPrefix(ptr, Integer::sum);
        int[] next = ptr.clone();
        int[] col = new int[ptr[nodes]];
        for (int e = 0; e < src.length; e++) {
            if (src[e] != dst[e]) {
                col[next[dst[e]]++] = src[e];
            }
        }
        int[] uniquePtr = new int[nodes + 1];
        int n = 0;
        for (int r = 0; r < nodes; r++) {
            Arrays.sort(col, ptr[r], ptr[r + 1]);
            for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                if (e == ptr[r] || col[e] != col[e - 1]) {
                    col[n++] = col[e];
                }
            }
            uniquePtr[r + 1] = n;
        }
        return new Rows(uniquePtr, Arrays.copyOf(col, n));
    }

    /** Rows under construction. */
    private record Rows(int[] ptr, int[] col) {

        Rows transposed() {
            int[] newPtr = new int[ptr.length];
            for (int c : col) {
                newPtr[c + 1]++;
            }
            Arrays.parallelPrefix(newPtr, Integer::sum);
            int[] next = newPtr.clone();
            int[] newCol = new int[col.length];
            for (int r = 0; r < ptr.length - 1; r++) {
                for (int e = ptr[r]; e < ptr[r + 1]; e++) {
                    newCol[next[col[e]]++] = r;
                }
            }
            return new Rows(newPtr, newCol);
        }

        /** Merges the ascending columns of equal rows. */
        Rows union(Rows other) {
            int[] newPtr = new int[ptr.length];
            int[] newCol = new int[col.length + other.col.length];
            int n = 0;
            for (int r = 0; r < ptr.length - 1; r++) {
                int a = ptr[r];
                int b = other.ptr[r];
                while (a < ptr[r + 1] || b < other.ptr[r + 1]) {
                    int left = a < ptr[r + 1] ? col[a] : Integer.MAX_VALUE;
                    int right = b < other.ptr[r + 1] ? other.col[b] : Integer.MAX_VALUE;
                    newCol[n++] = Math.min(left, right);
                    a += left <= right ? 1 : 0;
                    b += right <= left ? 1 : 0;
                }
                newPtr[r + 1] = n;
            }
            return new Rows(newPtr, Arrays.copyOf(newCol, n));
        }
    }
}
