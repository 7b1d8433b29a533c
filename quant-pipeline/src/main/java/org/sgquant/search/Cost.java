package org.sgquant.search;

/**
 * What a configuration takes, apart from its accuracy.
 *
 * @param bytes stored bytes of all cells, features in their dense form
 * @param innerBytes the same without the input features
 * @param latencySeconds of one packed inference; NaN where nobody asked for it
 */
public record Cost(long bytes, long innerBytes, double latencySeconds) {}
