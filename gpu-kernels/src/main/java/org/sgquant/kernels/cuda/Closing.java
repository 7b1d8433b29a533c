package org.sgquant.kernels.cuda;

import java.util.Collection;
import java.util.function.Consumer;

/** Closing several things of which any may fail. */
final class Closing {

    private Closing() {}

    /** Closes all of {@code things}; then throws the first failure, which names the further ones as suppressed. */
    static <T> void all(Collection<T> things, Consumer<? super T> close) {
        RuntimeException first = null;
        for (T thing : things) {
            try {
                close.accept(thing);
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
