package org.sgquant.search;

import java.util.List;

/** Exact objective bytes of a configuration, cheap and known without measuring. */
@FunctionalInterface
public interface CostFunction {

    long bytes(List<Integer> bits);
}
