package org.sgquant.tensor;

/** Positions of the ones of a word, ascending. */
public final class BitPositions {

    /** Entries behind the last position that {@link #append} may overwrite. */
    public static final int SLACK = 4;

    private BitPositions() {}

    /**
     * Writes {@code base} plus the position of each one of {@code word} to {@code positions} from entry {@code n} on;
     * returns {@code n} and how many there are. What the {@link #SLACK} entries behind hold is lost.
     *
     * <p>Four are written whatever there is: of words with few ones no processor can guess how many, and a wrong guess
     * costs more than they do.
     */
    public static int append(long word, int base, int[] positions, int n) {
        int end = n + Long.bitCount(word);
        long rest = word;
        positions[n] = base + Long.numberOfTrailingZeros(rest);
        rest &= rest - 1;
        positions[n + 1] = base + Long.numberOfTrailingZeros(rest);
        rest &= rest - 1;
        positions[n + 2] = base + Long.numberOfTrailingZeros(rest);
        rest &= rest - 1;
        positions[n + 3] = base + Long.numberOfTrailingZeros(rest);
        for (int at = n + 4; at < end; at++) {
            rest &= rest - 1;
            positions[at] = base + Long.numberOfTrailingZeros(rest);
        }
        return end;
    }
}
