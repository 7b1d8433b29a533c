package org.sgquant.search;

/**
 * Size of a search.
 *
 * @param trials measurements in all, those of a resumed study included; may grow from one run to the next
 * @param threads trials measured at the same time; changes no result
 */
public record SearchSettings(int trials, long seed, int threads) {

    public static final SearchSettings DEFAULT = new SearchSettings(120, 0, 1);

    public SearchSettings {
        if (trials < 1 || threads < 1) {
            throw new IllegalArgumentException(
                    "a search needs at least 1 trial and 1 thread, not " + trials + " and " + threads);
        }
    }
}
