package org.sgquant.search;

import java.util.List;

/** Measures one configuration: calibrate, pack, infer. Expensive; called from several threads at once. */
@FunctionalInterface
public interface TrialRunner {

    /** Must depend on {@code bits} only, so that a resumed search ends like an uninterrupted one. */
    Measurement measure(List<Integer> bits);
}
