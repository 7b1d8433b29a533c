/**
 * Brings a graph in: readers, cleaning, splits, lookup, download and a generator.
 *
 * <p>Files of others are hostile until checked: every reader bounds what it allocates by the bytes that are really
 * there and answers bad content with one {@link org.sgquant.data.FormatException}.
 */
package org.sgquant.data;
