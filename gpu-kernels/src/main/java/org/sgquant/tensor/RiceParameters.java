package org.sgquant.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The Rice parameter of each position, falling, for which {@code sum over gaps of (gap >> k) + 1 + k} is least.
 *
 * <p>Exact, by dynamic programming over positions from the last to the first. Columns come by ascending frequency, so the
 * gaps that begin at a position get shorter along a row.
 */
final class RiceParameters {

    private static final int COUNT = SparsePackedLayout.PARAMETERS;

    private final int positions;
    private final long[] cost;

    RiceParameters(int positions) {
        this.positions = positions;
        this.cost = new long[positions * COUNT];
    }

    /** Counts a gap of {@code gap} positions that begins at {@code position}. */
    void add(int position, int gap) {
        for (int k = 0; k < COUNT; k++) {
            cost[position * COUNT + k] += (gap >> k) + 1 + k;
        }
    }

    /** First position of each parameter: k holds from {@code first[k]} to before {@code first[k - 1]}. */
    List<Integer> first() {
        // rest[k]: least cost of all positions from p on with parameters of at most k; best[p][k]: that at p.
        long[] rest = new long[COUNT];
        byte[] best = new byte[positions * COUNT];
        for (int p = positions - 1; p >= 0; p--) {
            long least = Long.MAX_VALUE;
            byte parameter = 0;
            for (byte k = 0; k < COUNT; k++) {
                long here = cost[p * COUNT + k] + rest[k];
                if (here < least) {
                    least = here;
                    parameter = k;
                }
                rest[k] = least;
                best[p * COUNT + k] = parameter;
            }
        }
        List<Integer> first = new ArrayList<>();
        int k = COUNT - 1;
        for (int p = 0; p < positions; p++) {
            for (int parameter = best[p * COUNT + k]; k > parameter; k--) {
                first.add(0, p);
            }
        }
        for (; k > 0; k--) {
            first.add(0, positions);
        }
        // first holds the ends of parameters 1 to 15 so far, which are the beginnings of 0 to 14.
        first.add(0);
        return first;
    }
}
