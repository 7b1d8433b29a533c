package org.sgquant.tensor;

/**
 * A sparsity pattern with its transpose, which the backward product needs.
 *
 * <p>{@code sourceEdge} gives, for each entry of {@code transposed}, the same entry in {@code graph}; it is null for a
 * symmetric pattern used without values, whose transpose is itself.
 */
public record Sparsity(CsrGraph graph, CsrGraph transposed, IntArray sourceEdge) {

    /** Pattern equal to its transpose, each entry weighing 1. */
    public static Sparsity symmetric(CsrGraph graph) {
        return new Sparsity(graph, graph, null);
    }

    /** Any pattern; the transpose is computed on the host into {@code memory}. */
    public static Sparsity of(CsrGraph graph, Memory memory) {
        CsrGraph.Transposed t = graph.transpose(memory);
        return new Sparsity(graph, t.graph(), t.sourceEdge());
    }
}
