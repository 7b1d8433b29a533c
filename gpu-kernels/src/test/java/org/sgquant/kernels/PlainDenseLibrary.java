package org.sgquant.kernels;

import org.sgquant.kernels.reference.ReferenceDenseOps;

/** A library that the service loader finds: the products of the reference under another name. */
public final class PlainDenseLibrary implements DenseLibrary {

    @Override
    public String name() {
        return "plain";
    }

    @Override
    public DenseOps open(int threads) {
        return new ReferenceDenseOps();
    }
}
