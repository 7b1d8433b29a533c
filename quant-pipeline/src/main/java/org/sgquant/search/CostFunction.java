package org.sgquant.search;

import java.util.List;

/** Cost of a configuration, cheap and known without measuring it: bytes exactly, latency as predicted. */
@FunctionalInterface
public interface CostFunction {

    Cost of(List<Integer> bits);
}
