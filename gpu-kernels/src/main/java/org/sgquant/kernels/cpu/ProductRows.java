package org.sgquant.kernels.cpu;

import java.lang.foreign.Arena;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A product whose rows several threads make at once.
 *
 * @param share runs a body over ranges that cover all rows, shared out by what they cost
 * @param writer opens a way to the rows for one thread, by way of memory of the arena
 */
record ProductRows(Consumer<Workers.RangeBody> share, Function<Arena, RowWriter> writer) {}
