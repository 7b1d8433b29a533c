package org.sgquant.search;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One measured configuration.
 *
 * @param number position in the search, from 0; fixed when the round is proposed, whatever trial ends first
 * @param round from 0
 * @param bits id of the width of each cell, in the order of the {@link SearchSpace}
 * @param feasible whether the {@link Constraint} of the search allows it
 */
public record Trial(int number, int round, List<Integer> bits, Measurement measurement, boolean feasible) {
    public Trial {
        bits = List.copyOf(bits);
    }

    /** The names of the widths, separated by blanks. */
    public String names() {
        return Widths.text(bits, " ");
    }

    /** The configurations of {@code trials}. */
    static Set<List<Integer>> configurations(List<Trial> trials) {
        return trials.stream().map(Trial::bits).collect(Collectors.toSet());
    }
}
