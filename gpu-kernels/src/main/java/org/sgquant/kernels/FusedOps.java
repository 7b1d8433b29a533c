package org.sgquant.kernels;

/** A product of packed operands and all that follows until it is kept, in one call. */
public interface FusedOps {

    /**
     * {@code epilogue.to = epilogue.steps(product)} with the bits of these operations one after another.
     *
     * @throws NonFiniteException as {@link PackedOps#pack} does
     */
    void run(PackedProduct product, Epilogue epilogue);
}
