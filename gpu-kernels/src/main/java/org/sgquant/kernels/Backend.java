package org.sgquant.kernels;

import java.lang.foreign.MemorySegment;
import org.sgquant.tensor.Memory;

/**
 * A device that computes: four families of kernels over memory of its own.
 *
 * <p>Chosen once ({@link Backends#select}); callers never branch on the device. Every operand of a kernel lies in
 * memory from {@link #newMemory()}. Calls are ordered and not thread-safe: one thread drives a backend, which may use
 * many. From one packed model, packed inference gives the same bits on every backend at any thread count.
 */
public interface Backend extends AutoCloseable {

    /** Short name: {@code reference}, {@code cpu}, {@code cuda}. */
    String name();

    /** One line for people: name, vector width or device, threads. */
    String description();

    Memory newMemory();

    /** Copies host memory to this device. */
    void upload(MemorySegment host, MemorySegment device, long bytes);

    /** Copies from this device to host memory, after everything before it has finished. */
    void download(MemorySegment device, MemorySegment host, long bytes);

    DenseOps dense();

    SparseOps sparse();

    PackedOps packed();

    ElementwiseOps elementwise();

    @Override
    void close();
}
