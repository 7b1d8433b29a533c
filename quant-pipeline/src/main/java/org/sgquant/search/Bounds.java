package org.sgquant.search;

import java.util.ArrayList;
import java.util.List;

/**
 * The most that a result may lose and take; infinite or {@code Long.MAX_VALUE} where there is no bound.
 *
 * @param maxDrop validation accuracy lost against fp32, percentage points
 * @param maxBytes stored bytes of all cells
 * @param maxInnerBytes stored bytes without the input features
 * @param maxLatencySeconds of one packed inference
 */
public record Bounds(double maxDrop, long maxBytes, long maxInnerBytes, double maxLatencySeconds) {

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

    /** Whether there is a bound beside that of the drop. */
    boolean limitCost() {
        return maxBytes < Long.MAX_VALUE || maxInnerBytes < Long.MAX_VALUE || limitLatency();
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

    /** Every bound there is, as {@code drop 0.3, bytes 1000}. */
    @Override
    public String toString() {
        List<String> bounds = new ArrayList<>();
        if (maxDrop < Double.POSITIVE_INFINITY) {
            bounds.add("drop " + maxDrop);
        }
        if (maxBytes < Long.MAX_VALUE) {
            bounds.add("bytes " + maxBytes);
        }
        if (maxInnerBytes < Long.MAX_VALUE) {
            bounds.add("inner bytes " + maxInnerBytes);
        }
        if (limitLatency()) {
            bounds.add("latency " + maxLatencySeconds + " s");
        }
        return bounds.isEmpty() ? "none" : String.join(", ", bounds);
    }
}
