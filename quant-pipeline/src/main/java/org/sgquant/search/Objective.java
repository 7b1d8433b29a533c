package org.sgquant.search;

import java.util.Locale;
import org.sgquant.data.NearNames;

/** What a search makes small. */
public enum Objective {
    /** Stored bytes of every cell. */
    ALL,
    /** Stored bytes of every cell but the input features. */
    INNER,
    /** Seconds of one packed inference. */
    LATENCY,
    /** Validation accuracy lost against fp32, percentage points. */
    DROP;

    /** The objective of this name, in lower case. */
    public static Objective of(String name) {
        return NearNames.constant(Objective.class, "objective", name);
    }

    /** Its value of a cost, in bytes or seconds; 0 for {@link #DROP}, which no cost tells. */
    public double of(Cost cost) {
        return switch (this) {
            case ALL -> cost.bytes();
            case INNER -> cost.innerBytes();
            case LATENCY -> cost.latencySeconds();
            case DROP -> 0;
        };
    }

    /** A value of it with its unit. */
    public String format(double value) {
        return switch (this) {
            case ALL, INNER -> "%,.0f B".formatted(value);
            case LATENCY -> "%.3f ms".formatted(1e3 * value);
            case DROP -> "%.2f points".formatted(value);
        };
    }

    /** Whether the bytes of a result are told without the features: they are the objective, or bounded where no bytes are. */
    public boolean tellsInnerBytes(boolean innerBounded) {
        return this == INNER || (this != ALL && innerBounded);
    }

    /** The stored bytes that are told of a result. */
    public long bytes(Cost cost, boolean innerBounded) {
        return tellsInnerBytes(innerBounded) ? cost.innerBytes() : cost.bytes();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
