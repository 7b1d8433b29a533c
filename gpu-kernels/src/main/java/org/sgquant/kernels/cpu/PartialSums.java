package org.sgquant.kernels.cpu;

/** Exact sums of some of the edges of a row. */
interface PartialSums {

    /**
     * {@code totals_c += sum of factor times code} in every column over edges [from, to) of row {@code row}, all of whose
     * sources lie in block {@code b}; a factor is what {@link RowAggregator} multiplies codes by.
     *
     * @return the sum of the factors
     */
    long add(int row, int b, int from, int to, long[] totals);
}
