package org.sgquant.model;

/**
 * Hyper-parameters of one kind of model: a record of plain values, which recipes save and options set by name.
 *
 * <p>A component is a whole number, a float, a boolean or an enum whose {@code toString} is what people write.
 */
public interface ModelConfig {

    /** What {@code --model} calls it. */
    String name();

    /** A model for graphs of these sizes. */
    Model create(ModelSizes sizes);

    /** The parameter that has one value per class. */
    String outputBias();

    /** Layers of message passing where whole graphs can be classified. */
    default int graphLayers() {
        throw new IllegalArgumentException("model " + name() + " classifies nodes, not graphs: choose gin");
    }

    /** fp32 epochs where nothing else is asked for. */
    default int epochs() {
        return 200;
    }

    /** fp32 learning rate where nothing else is asked for. */
    default float learningRate() {
        return 0.01f;
    }

    /** {@code value} lies in [0, 1). */
    static void requireRate(String what, float value) {
        if (!(value >= 0 && value < 1)) {
            throw new IllegalArgumentException(what + " must lie in [0, 1), got " + value);
        }
    }

    /** {@code value} is at least 1. */
    static void requirePositive(String what, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(what + " must be at least 1, got " + value);
        }
    }
}
