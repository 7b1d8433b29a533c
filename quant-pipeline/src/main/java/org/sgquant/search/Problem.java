package org.sgquant.search;

import java.util.List;

/** The configuration of {@code space} that makes {@code objective} least within {@code constraint}. */
public record Problem(SearchSpace space, CostFunction cost, Objective objective, Constraint constraint) {

    /** The objective as it is known without measuring: bytes, seconds as predicted, 0 for the drop. */
    public double known(List<Integer> bits) {
        return objective.of(cost.of(bits));
    }

    /** Whether bytes and predicted latency are within the bounds; the drop is for a trial to tell. */
    public boolean fits(List<Integer> bits) {
        return !constraint.bounds().limitCost() || constraint.bounds().allow(cost.of(bits));
    }

    /** By how much the known costs are beyond their bounds, as shares of them; 0 where they fit. */
    public double excess(List<Integer> bits) {
        return constraint.bounds().excess(cost.of(bits));
    }

    /** The objective as it was measured: bytes, seconds or percentage points. */
    public double measured(Trial trial) {
        return objective == Objective.DROP
                ? constraint.drop(trial.measurement())
                : objective.of(trial.measurement().cost());
    }
}
