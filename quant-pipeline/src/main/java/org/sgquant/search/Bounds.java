package org.sgquant.search;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The most that a result may lose and take; infinite or {@code Long.MAX_VALUE} where there is no bound.
 *
 * @param maxDrop validation accuracy lost against fp32, percentage points
 * @param maxBytes stored bytes of all cells
 * @param maxInnerBytes stored bytes without the input features
 * @param maxLatencySeconds of one packed inference
 */
public record Bounds(double maxDrop, long maxBytes, long maxInnerBytes, double maxLatencySeconds) {

    private static final Pattern BOUND = Pattern.compile("(drop|bytes|inner bytes|latency) ([-\\d.E]+)( s| ms)?");

    public Bounds {
        if (Double.isNaN(maxDrop) || maxBytes < 1 || maxInnerBytes < 1 || !(maxLatencySeconds > 0)) {
            throw new IllegalArgumentException("no bounds of a search: drop " + maxDrop + ", bytes " + maxBytes
                    + ", inner bytes " + maxInnerBytes + ", latency " + maxLatencySeconds + " s");
        }
    }

    /** A bound of the drop alone. */
    public static Bounds drop(double maxDrop) {
        return new Bounds(maxDrop, Long.MAX_VALUE, Long.MAX_VALUE, Double.POSITIVE_INFINITY);
    }

    public boolean limitLatency() {
        return maxLatencySeconds < Double.POSITIVE_INFINITY;
    }

    public boolean limitInnerBytes() {
        return maxInnerBytes < Long.MAX_VALUE;
    }

    /** Whether there is a bound beside that of the drop. */
    boolean limitCost() {
        return maxBytes < Long.MAX_VALUE || limitInnerBytes() || limitLatency();
    }

    boolean allow(Cost cost) {
        return excess(cost) == 0;
    }

    /** By how much {@code cost} is beyond the bounds, each as a share of its bound, added up; 0 within them. */
    double excess(Cost cost) {
        double excess = Math.max(0, (double) cost.bytes() / maxBytes - 1)
                + Math.max(0, (double) cost.innerBytes() / maxInnerBytes - 1);
        return limitLatency() ? excess + Math.max(0, cost.latencySeconds() / maxLatencySeconds - 1) : excess;
    }

    /** What {@code cost} takes of the bounds, each as a share of its bound, added up; 0 where there are none. */
    double filled(Cost cost) {
        double filled = 0;
        filled += maxBytes < Long.MAX_VALUE ? (double) cost.bytes() / maxBytes : 0;
        filled += limitInnerBytes() ? (double) cost.innerBytes() / maxInnerBytes : 0;
        return limitLatency() ? filled + cost.latencySeconds() / maxLatencySeconds : filled;
    }

    /**
     * What {@link #toString} wrote.
     *
     * @throws StudyException where it did not
     */
    public static Bounds parse(String text) {
        Map<String, String> written = new HashMap<>();
        for (String bound : text.equals("none") ? new String[0] : text.split(", ")) {
            Matcher m = BOUND.matcher(bound);
            if (!m.matches()) {
                throw new StudyException("'" + bound + "' is no bound of a search");
            }
            // Studies of before had seconds.
            written.put(m.group(1), m.group(1).equals("latency") ? seconds(m.group(2), m.group(3)) : m.group(2));
        }
        String none = "Infinity";
        String most = Long.toString(Long.MAX_VALUE);
        return new Bounds(
                Double.parseDouble(written.getOrDefault("drop", none)),
                Long.parseLong(written.getOrDefault("bytes", most)),
                Long.parseLong(written.getOrDefault("inner bytes", most)),
                Double.parseDouble(written.getOrDefault("latency", none)));
    }

    private static String seconds(String number, String unit) {
        return " ms".equals(unit) ? Double.toString(Double.parseDouble(number) / 1e3) : number;
    }

    /** In milliseconds, as it was given: as many digits as survive the division by 1000. */
    private static String milliseconds(double seconds) {
        return BigDecimal.valueOf(seconds)
                .movePointRight(3)
                .round(new MathContext(12))
                .stripTrailingZeros()
                .toPlainString();
    }

    /** Every bound there is, as {@code drop 0.3, latency 2.5 ms}. */
    @Override
    public String toString() {
        List<String> bounds = new ArrayList<>();
        if (maxDrop < Double.POSITIVE_INFINITY) {
            bounds.add("drop " + maxDrop);
        }
        if (maxBytes < Long.MAX_VALUE) {
            bounds.add("bytes " + maxBytes);
        }
        if (limitInnerBytes()) {
            bounds.add("inner bytes " + maxInnerBytes);
        }
        if (limitLatency()) {
            bounds.add("latency " + milliseconds(maxLatencySeconds) + " ms");
        }
        return bounds.isEmpty() ? "none" : String.join(", ", bounds);
    }
}
