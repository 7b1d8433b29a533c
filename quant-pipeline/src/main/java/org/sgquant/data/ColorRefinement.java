package org.sgquant.data;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * {@code color_l(v) = id of (color_{l-1}(v), multiset of color_{l-1}(u) over neighbours u)}, color_0 the tag: the
 * one-dimensional Weisfeiler-Leman refinement over all graphs of a collection, exact, without hashing colours together.
 *
 * <p>Nodes of one colour after l rounds have the same embedding after l layers of any message passing that treats
 * neighbours alike, so that layer l need only be computed once per colour. Source: Xu et al., ICLR 2019, lemma 2.
 */
public final class ColorRefinement {

    private final GraphCollection graphs;
    private final int[][] colors;
    private final int[][] representatives;

    private ColorRefinement(GraphCollection graphs, int[][] colors, int[][] representatives) {
        this.graphs = graphs;
        this.colors = colors;
        this.representatives = representatives;
    }

    /** Colours after 0 to {@code rounds} rounds. */
    public static ColorRefinement of(GraphCollection graphs, int rounds) {
        int[][] colors = new int[rounds + 1][];
        int[][] representatives = new int[rounds + 1][];
        colors[0] = graphs.tags();
        representatives[0] = new int[graphs.numTags()];
        for (int v = 0; v < graphs.numNodes(); v++) {
            representatives[0][colors[0][v]] = v;
        }
        for (int l = 1; l <= rounds; l++) {
            Map<Key, Integer> ids = new HashMap<>();
            int[] next = new int[graphs.numNodes()];
            int[] first = new int[graphs.numNodes()];
            for (int v = 0; v < next.length; v++) {
                int id = ids.size();
                Integer known = ids.putIfAbsent(Key.of(graphs, colors[l - 1], v), id);
                next[v] = known == null ? id : known;
                if (known == null) {
                    first[id] = v;
                }
            }
            colors[l] = next;
            representatives[l] = Arrays.copyOf(first, ids.size());
        }
        return new ColorRefinement(graphs, colors, representatives);
    }

    /** What decides a node's next colour: its own colour, then those of its neighbours ascending. */
    private record Key(int[] colors, int hash) {
        static Key of(GraphCollection graphs, int[] colors, int v) {
            int from = graphs.rowPtr()[v];
            int[] key = new int[graphs.degree(v) + 1];
            key[0] = colors[v];
            for (int k = 1; k < key.length; k++) {
                key[k] = colors[graphs.colIdx()[from + k - 1]];
            }
            Arrays.sort(key, 1, key.length);
            return new Key(key, Arrays.hashCode(key));
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key that && hash == that.hash && Arrays.equals(colors, that.colors);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    public GraphCollection graphs() {
        return graphs;
    }

    public int rounds() {
        return colors.length - 1;
    }

    /** Colours over the whole collection after {@code round} rounds. */
    public int numColors(int round) {
        return representatives[round].length;
    }

    /** Colour of every node after {@code round} rounds. */
    int[] colors(int round) {
        return colors[round];
    }

    /** A node of {@code color} after {@code round} rounds. */
    int representative(int round, int color) {
        return representatives[round][color];
    }
}
