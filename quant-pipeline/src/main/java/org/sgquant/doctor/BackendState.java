package org.sgquant.doctor;

/**
 * Whether a backend, or the library of dense products by that name, computes here.
 *
 * @param reason why it does not, or a remark, empty where all is said
 */
public record BackendState(String name, boolean ok, String reason) {}
