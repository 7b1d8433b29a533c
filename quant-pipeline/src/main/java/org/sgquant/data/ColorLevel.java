package org.sgquant.data;

import java.util.Arrays;
import java.util.BitSet;

/** One level of {@link GraphBatch#compressed}: the colours that some graphs have after {@code round} rounds. */
final class ColorLevel {

    private final ColorRefinement refinement;
    private final GraphCollection collection;
    private final int round;
    private final int[] graphs;
    private final int[] below;
    private final int[] colors;

    /** {@code below}: the ascending colours of these graphs one round earlier, null at round 0. */
    ColorLevel(ColorRefinement refinement, int round, int[] graphs, int[] below) {
        this.refinement = refinement;
        this.collection = refinement.graphs();
        this.round = round;
        this.graphs = graphs;
        this.below = below;
        BitSet present = new BitSet(refinement.numColors(round));
        for (int g : graphs) {
            for (int v = collection.nodePtr()[g]; v < collection.nodePtr()[g + 1]; v++) {
                present.set(refinement.colors(round)[v]);
            }
        }
        this.colors = present.stream().toArray();
    }

    /** Colours present, ascending: row r stands for colour {@code colors()[r]}. */
    int[] colors() {
        return colors;
    }

    GraphBatch.Level build() {
        int[] rowOf = new int[refinement.numColors(round)];
        for (int r = 0; r < colors.length; r++) {
            rowOf[colors[r]] = r;
        }
        int[] multiplicity = new int[colors.length];
        Counts pooling = new Counts(graphs.length, colors.length);
        for (int g : graphs) {
            for (int v = collection.nodePtr()[g]; v < collection.nodePtr()[g + 1]; v++) {
                int row = rowOf[refinement.colors(round)[v]];
                multiplicity[row]++;
                pooling.add(row);
            }
            pooling.endRow();
        }
        int[] tags = Arrays.stream(colors)
                .map(c -> collection.tags()[refinement.representative(round, c)])
                .toArray();
        boolean lowest = round == 0;
        return new GraphBatch.Level(
                tags, multiplicity, lowest ? null : adjacency(), lowest ? null : sameNodes(), pooling.pattern());
    }

    /** For each colour the one that its nodes had a round earlier. */
    private GraphBatch.Pattern sameNodes() {
        int[] rowPtr = new int[colors.length + 1];
        int[] colIdx = new int[colors.length];
        for (int r = 0; r < colors.length; r++) {
            int earlier = refinement.colors(round - 1)[refinement.representative(round, colors[r])];
            colIdx[r] = Arrays.binarySearch(below, earlier);
            rowPtr[r + 1] = r + 1;
        }
        return new GraphBatch.Pattern(below.length, rowPtr, colIdx, null);
    }

    /** Closed neighbourhoods of representatives, in rows of the level below. */
    private GraphBatch.Pattern adjacency() {
        int[] rowBelow = new int[refinement.numColors(round - 1)];
        for (int r = 0; r < below.length; r++) {
            rowBelow[below[r]] = r;
        }
        int[] earlier = refinement.colors(round - 1);
        Counts sums = new Counts(colors.length, below.length);
        for (int color : colors) {
            int v = refinement.representative(round, color);
            sums.add(rowBelow[earlier[v]]);
            for (int e = collection.rowPtr()[v]; e < collection.rowPtr()[v + 1]; e++) {
                sums.add(rowBelow[earlier[collection.colIdx()[e]]]);
            }
            sums.endRow();
        }
        return sums.pattern();
    }

    /** Rows of columns that may repeat, kept as ascending columns with counts. */
    private static final class Counts {
        private final int numCols;
        private final int[] rowPtr;
        private final IntList columns = new IntList();
        private final IntList counts = new IntList();
        private final IntList row = new IntList();
        private int rows;

        Counts(int rows, int numCols) {
            this.rowPtr = new int[rows + 1];
            this.numCols = numCols;
        }

        void add(int column) {
            row.add(column);
        }

        void endRow() {
            row.sort(0);
            for (int i = 0, end; i < row.size(); i = end) {
                for (end = i; end < row.size() && row.get(end) == row.get(i); ) {
                    end++;
                }
                columns.add(row.get(i));
                counts.add(end - i);
            }
            row.clear();
            rowPtr[++rows] = columns.size();
        }

        GraphBatch.Pattern pattern() {
            float[] values = new float[counts.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = counts.get(i);
            }
            return new GraphBatch.Pattern(numCols, rowPtr, columns.toArray(), values);
        }
    }
}
