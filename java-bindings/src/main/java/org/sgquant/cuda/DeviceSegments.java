package org.sgquant.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Segments that carry device addresses and that the host cannot read.
 *
 * <p>They are slices of one segment over the whole address space, whose confined arena belongs to a thread that has
 * ended: slicing and asking for the address work anywhere, any access throws {@link WrongThreadException}.
 */
final class DeviceSegments {

    private static final MemorySegment ADDRESS_SPACE = addressSpace();

    private DeviceSegments() {}

    static MemorySegment at(long address, long bytes) {
        return ADDRESS_SPACE.asSlice(address, bytes);
    }

    static boolean isDevice(MemorySegment segment) {
        return segment.scope().equals(ADDRESS_SPACE.scope());
    }

    /** No lambda of the outer class: that would wait for the outer class, which waits for this thread. */
    private static final class Owner extends Thread {
        private MemorySegment space;

        Owner() {
            super("sgquant-device-addresses");
        }

        @Override
        public void run() {
            space = MemorySegment.NULL.reinterpret(Long.MAX_VALUE, Arena.ofConfined(), null);
        }
    }

    private static MemorySegment addressSpace() {
        Owner owner = new Owner();
        owner.start();
        try {
            owner.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while device addresses were set up", e);
        }
        return owner.space;
    }
}
