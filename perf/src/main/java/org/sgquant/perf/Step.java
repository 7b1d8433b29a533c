package org.sgquant.perf;

import java.util.function.Supplier;
import org.sgquant.tensor.FloatMatrix;

/** A {@link Workload} made of its operands, the timed operation and a way to read what it computed. */
record Step(Operands operands, Runnable operation, Supplier<FloatMatrix> reader) implements Workload {

    @Override
    public void run() {
        operation.run();
    }

    @Override
    public FloatMatrix result() {
        return reader.get();
    }

    @Override
    public void close() {
        operands.close();
    }
}
