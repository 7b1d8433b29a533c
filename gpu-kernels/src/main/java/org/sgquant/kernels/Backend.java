package org.sgquant.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.sgquant.tensor.Memory;

/**
 * A device that computes: families of kernels over memory of its own.
 *
 * <p>Chosen once ({@link Backends#select}); callers never branch on the device. Every operand of a kernel lies in
 * memory from {@link #newMemory}. Calls are ordered and not thread-safe: one thread drives a backend, which may use
 * many. From one packed model, packed inference gives the same bits on every backend at any thread count.
 */
public interface Backend extends AutoCloseable {

    /** Short name: {@code reference}, {@code cpu}, {@code cuda}. */
    String name();

    /** One line for people: name, vector width or device, threads. */
    String description();

    /** Memory of this device; {@code purpose}, such as {@code graph}, is named where memory runs out. */
    Memory newMemory(String purpose);

    /** Copies host memory to this device. */
    void upload(MemorySegment host, MemorySegment device, long bytes);

    /**
     * Copies from this device to host memory, after everything before it has finished.
     *
     * @throws RuntimeException what a kernel before it found wrong, such as {@link NonFiniteException}, where the device
     *     reports that late
     */
    void download(MemorySegment device, MemorySegment host, long bytes);

    /** Waits for everything before it, and throws what {@link #download} would. */
    void finish();

    /**
     * Readies {@code calls}, which must make the same kernel calls on the same operands whenever it runs, to be replayed;
     * a device may record them once and launch the record from then on. Nothing runs yet.
     */
    Replay replayable(Runnable calls);

    DenseOps dense();

    SparseOps sparse();

    /** What training aggregates with: {@link #sparse} and {@link #attention} unless a library takes their place. */
    default Aggregation aggregation() {
        return Aggregation.own(sparse(), attention());
    }

    PackedOps packed();

    PackedAttentionOps packedAttention();

    SparsePackedOps sparsePacked();

    /** Products at once with what follows them, where the device can. */
    default Optional<FusedOps> fused() {
        return Optional.empty();
    }

    ElementwiseOps elementwise();

    AttentionOps attention();

    NormOps norm();

    LearnedQuantOps learnedQuant();

    LossOps losses();

    PowerOps powers();

    MultibitOps multibit();

    @Override
    void close();
}
