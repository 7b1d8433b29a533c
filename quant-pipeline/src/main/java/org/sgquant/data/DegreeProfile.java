package org.sgquant.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code x[v] = one-hot(d(v)), one-hot(min d(u)), one-hot(max d(u)), one-hot(mean d(u)), one-hot(sd d(u))} over the
 * neighbours u of v, each in steps of a factor of the square root of 2, 0 where it is less than 1.
 *
 * <p>Whole numbers and one exact division decide each step, so that features are the same everywhere; sd is the
 * population's. Nodes of one profile share a tag. Source: Cai and Wang, "A simple yet effective baseline for
 * non-attributed graph classification", 2018 (local degree profile; they bin each statistic over whole graphs).
 */
final class DegreeProfile {

    private static final int STATISTICS = 5;

    private DegreeProfile() {}

    /** {@code graphs} with these features. */
    static GraphCollection of(GraphCollection graphs) {
        Map<List<Integer>, Integer> ids = new HashMap<>();
        List<int[]> profiles = new ArrayList<>();
        int[] tags = new int[graphs.numNodes()];
        int[] most = new int[STATISTICS];
        for (int v = 0; v < tags.length; v++) {
            int[] profile = steps(graphs, v);
            tags[v] = ids.computeIfAbsent(Arrays.stream(profile).boxed().toList(), p -> {
                profiles.add(profile);
                return profiles.size() - 1;
            });
            for (int s = 0; s < STATISTICS; s++) {
                most[s] = Math.max(most[s], profile[s]);
            }
        }
        int first = 0;
        for (int s = 0; s < STATISTICS; s++) {
            for (int[] profile : profiles) {
                profile[s] += first;
            }
            first += most[s] + 1;
        }
        return graphs.withTags(tags, new TagFeatures(first, profiles.toArray(int[][]::new)));
    }

    private static int[] steps(GraphCollection graphs, int v) {
        long min = Long.MAX_VALUE;
        long max = 0;
        long sum = 0;
        long squares = 0;
        int count = graphs.degree(v);
        for (int e = graphs.rowPtr()[v]; e < graphs.rowPtr()[v + 1]; e++) {
            long d = graphs.degree(graphs.colIdx()[e]);
            min = Math.min(min, d);
            max = Math.max(max, d);
            sum += d;
            squares += d * d;
        }
        if (count == 0) {
            return new int[STATISTICS];
        }
        double square = (double) count * count;
        return new int[] {
            step(square),
            step((double) min * min),
            step((double) max * max),
            step((double) sum * sum / square),
            step((double) (count * squares - sum * sum) / square)
        };
    }

    /** {@code floor(2 log2(x)) + 1} of {@code square} = x^2, 0 where x is less than 1. */
    static int step(double square) {
        return square < 1 ? 0 : Math.getExponent(square) + 1;
    }
}
