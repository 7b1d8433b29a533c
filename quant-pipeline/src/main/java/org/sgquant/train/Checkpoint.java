package org.sgquant.train;

import java.util.List;
import org.sgquant.kernels.Backend;
import org.sgquant.model.Parameters;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** A copy on the device of parameters and of the ranges they were evaluated with. */
final class Checkpoint implements AutoCloseable {

    private record Copy(FloatMatrix original, FloatMatrix copy) {}

    private final Backend backend;
    private final Memory memory;
    private final Parameters original;
    private final Parameters parameters;
    private final List<Copy> ranges;

    /** {@code cells} is null where nothing is quantized. */
    Checkpoint(Parameters original, QuantizedCells cells, Backend backend) {
        this.backend = backend;
        this.memory = backend.newMemory("checkpoint");
        this.original = original;
        this.parameters = new Parameters(
                original.list().stream().map(Parameters.Parameter::spec).toList(), backend);
        this.ranges = cells == null
                ? List.of()
                : cells.ranges().stream()
                        .map(r -> new Copy(r, FloatMatrix.allocate(memory, r.rows(), r.cols())))
                        .toList();
    }

    void save() {
        parameters.copyFrom(original);
        ranges.forEach(r -> backend.elementwise().copy(r.original(), r.copy()));
    }

    void restore() {
        original.copyFrom(parameters);
        ranges.forEach(r -> backend.elementwise().copy(r.copy(), r.original()));
    }

    @Override
    public void close() {
        parameters.close();
        memory.close();
    }
}
