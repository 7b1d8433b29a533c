package org.sgquant.perf.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What is wrong in a run without ending it: wrong results, and what peers could not do. */
final class Findings {

    final List<KernelBench.Failure> failures = new ArrayList<>();
    private final Map<String, Set<String>> reasons = new LinkedHashMap<>();

    /** {@code peer} could not do {@code what}. */
    void cannot(String peer, String what, RuntimeException why) {
        reasons.computeIfAbsent(peer, p -> new LinkedHashSet<>())
                .add(what + ": " + (why.getMessage() == null ? why.toString() : why.getMessage()));
    }

    /** {@code state} with what its peer could not do since it was opened. */
    Peers.State completed(Peers.State state) {
        Set<String> all = reasons.get(state.name());
        return all == null ? state : new Peers.State(state.name(), state.version(), String.join("; ", all));
    }

    /** Closes what a peer holds; one that cannot even do that is named. */
    void close(String peer, AutoCloseable opened) {
        try {
            opened.close();
        } catch (RuntimeException e) {
            cannot(peer, "closing", e);
        } catch (Exception e) {
            cannot(peer, "closing", new IllegalStateException(e));
        }
    }
}
