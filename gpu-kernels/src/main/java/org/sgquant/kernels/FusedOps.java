package org.sgquant.kernels;

import org.sgquant.tensor.FloatMatrix;

/** A product of packed operands and all that follows until it is kept, in one call. */
public interface FusedOps {

    /** Whether {@link #run} wants a place for the product where codes are kept. */
    boolean needsPlace();

    /**
     * {@code epilogue.to = epilogue.steps(product)} with the bits of these operations one after another.
     *
     * <p>Shapes: product N x F; place N x F where {@link #needsPlace} and codes are kept, else ignored: its content is lost.
     *
     * @throws NonFiniteException as {@link PackedOps#pack} does
     */
    void run(PackedProduct product, Epilogue epilogue, FloatMatrix place);

    /** The operations of {@code backend} one after another, in place: for devices without a kernel that does all at once. */
    record InSequence(Backend backend) implements FusedOps {

        @Override
        public boolean needsPlace() {
            return true;
        }

        @Override
        public void run(PackedProduct product, Epilogue epilogue, FloatMatrix place) {
            epilogue.requireFits(product.rows(), product.cols());
            FloatMatrix rows = epilogue.to() instanceof Epilogue.Floats floats ? floats.out() : place;
            product.into(backend, rows);
            epilogue.steps().forEach(step -> step.apply(backend.elementwise(), rows, rows));
            if (epilogue.to() instanceof Epilogue.Codes codes) {
                backend.packed().pack(rows, codes.out());
            }
        }
    }
}
