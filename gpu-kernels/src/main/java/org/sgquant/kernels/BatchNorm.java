package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/** Gain and offset of a batch norm, which are trained, and its running mean and variance, which follow; each 1 x F. */
public record BatchNorm(FloatMatrix gamma, FloatMatrix beta, FloatMatrix mean, FloatMatrix variance) {}
