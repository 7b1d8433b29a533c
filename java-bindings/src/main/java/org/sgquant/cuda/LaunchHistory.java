package org.sgquant.cuda;

/** The last launches of a stream, to be named when one of them turns out to have failed. */
final class LaunchHistory {

    private static final int LENGTH = 4;

    private final String[] names = new String[LENGTH];
    private long count;

    void add(String name) {
        names[(int) (count++ % LENGTH)] = name;
    }

    void clear() {
        count = 0;
    }

    /** As in {@code the last 4 of 9 launches: a, b, c, d}, oldest first. */
    String describe() {
        if (count == 0) {
            return "no launch";
        }
        int known = (int) Math.min(count, LENGTH);
        StringBuilder text = new StringBuilder();
        text.append(known < count ? "the last " + known + " of " + count + " launches: " : "the launches: ");
        for (long i = count - known; i < count; i++) {
            text.append(names[(int) (i % LENGTH)]).append(i + 1 < count ? ", " : "");
        }
        return text.toString();
    }
}
