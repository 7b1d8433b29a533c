package org.sgquant.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sgquant.tensor.Memory;

/**
 * What changes from step to step, kept in device memory: seed, step number, learning rate.
 *
 * <p>Layout: seed int64 at 0, step int32 at 8, learning rate float32 at 12; 64 bytes in all. The host writes it
 * between replays through {@link Backend#upload}.
 */
public record StepState(MemorySegment data) {

    public static final long BYTES = 64;

    public static StepState allocate(Memory memory) {
        return new StepState(memory.allocate(BYTES));
    }

    public long seed() {
        return data.get(ValueLayout.JAVA_LONG, 0);
    }

    public int step() {
        return data.get(ValueLayout.JAVA_INT, 8);
    }

    public float learningRate() {
        return data.get(ValueLayout.JAVA_FLOAT, 12);
    }

    /** Sets all three; only on host memory. */
    public void set(long seed, int step, float learningRate) {
        data.set(ValueLayout.JAVA_LONG, 0, seed);
        data.set(ValueLayout.JAVA_INT, 8, step);
        data.set(ValueLayout.JAVA_FLOAT, 12, learningRate);
    }
}
