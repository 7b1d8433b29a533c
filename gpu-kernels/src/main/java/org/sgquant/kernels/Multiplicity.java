package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/**
 * How many equal rows each row of a matrix stands for: {@code counts} 1 x N, whole numbers whose sum is {@code total}.
 */
public record Multiplicity(FloatMatrix counts, long total) {}
