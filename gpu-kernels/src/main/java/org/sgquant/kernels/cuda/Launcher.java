package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.CudaFunction;
import org.sgquant.cuda.CudaModule;
import org.sgquant.cuda.CudaStream;
import org.sgquant.cuda.DeviceMemory;
import org.sgquant.cuda.PinnedMemory;

/** What the operations of one backend share: stream, kernels, error word, scratch memory, things derived from graphs. */
final class Launcher implements AutoCloseable {

    private final CudaDevice device;
    private final CudaStream stream;
    private final CudaModule module;
    private final KernelList kernels;
    private final Map<String, CudaFunction> functions = new HashMap<>();
    private final Launch launch;
    private final DeviceMemory memory;
    private final PinnedMemory pinned;
    private final DeviceErrors errors;
    private final Map<String, MemorySegment> scratch = new HashMap<>();
    private final List<Derived> derived = new ArrayList<>();
    private final List<Derived> owned = new ArrayList<>();

    /** Something computed from the device data at {@code address}, kept until that memory is freed; 0 if from none. */
    private record Derived(long address, Class<?> type, AutoCloseable value) {}

    Launcher(CudaDevice device) {
        this.device = device;
        this.kernels = KernelList.load();
        this.stream = device.newStream();
        this.module = device.load(KernelList.fatbin(), KernelList.ptx());
        this.memory = device.newMemory("scratch");
        this.pinned = device.newPinnedMemory();
        this.errors = new DeviceErrors(stream, memory, pinned);
        this.launch = new Launch(stream);
    }

    CudaDevice device() {
        return device;
    }

    CudaStream stream() {
        return stream;
    }

    DeviceErrors errors() {
        return errors;
    }

    /** A launch of {@code name}; give every argument, then run it before asking for the next. */
    Launch kernel(String name) {
        return launch.of(kernels.get(name), functions.computeIfAbsent(name, module::function));
    }

    /** Threads per block of {@code name}. */
    int block(String name) {
        return kernels.get(name).block();
    }

    /** Blocks of {@code name} that give every item a thread. */
    long blocks(String name, long items) {
        return Math.ceilDiv(items, (long) block(name));
    }

    /**
     * At least {@code bytes} of device memory for the use {@code key}, zeroed when first given and as the last use left
     * it later. Where it must grow, the old memory stays, since a recorded launch may name it.
     */
    MemorySegment scratch(String key, long bytes) {
        MemorySegment present = scratch.get(key);
        if (present != null && present.byteSize() >= bytes) {
            return present;
        }
        requireNotCapturing("scratch memory for " + key);
        long grown = present == null ? bytes : Math.max(bytes, 2 * present.byteSize());
        MemorySegment fresh = CudaMemory.allocate(memory, grown);
        scratch.put(key, fresh);
        return fresh;
    }

    /** The object of {@code type} that {@code make} derives from the data at {@code source}, made once. */
    <T extends AutoCloseable> T derived(MemorySegment source, Class<T> type, Supplier<T> make) {
        for (Derived d : derived) {
            if (d.address == source.address() && d.type == type) {
                return type.cast(d.value);
            }
        }
        requireNotCapturing(type.getSimpleName());
        T value = make.get();
        derived.add(new Derived(source.address(), type, value));
        return value;
    }

    /** {@code resource}, closed with this launcher once all its work is done. */
    <T extends AutoCloseable> T own(T resource) {
        owned.add(new Derived(0, resource.getClass(), resource));
        return resource;
    }

    /** Closes what was derived from {@code segment}, which is about to be freed. */
    void forget(MemorySegment segment) {
        List<Derived> gone = derived.stream()
                .filter(d -> d.address >= segment.address() && d.address < segment.address() + segment.byteSize())
                .toList();
        derived.removeAll(gone);
        Closing.all(gone, Launcher::close);
    }

    private void requireNotCapturing(String what) {
        if (stream.isCapturing()) {
            throw new IllegalStateException(what + " is needed while calls are being recorded: run them once before");
        }
    }

    private static void close(Derived d) {
        try {
            d.value.close();
        } catch (Exception e) {
            throw new IllegalStateException("closing " + d.type.getSimpleName(), e);
        }
    }

    @Override
    public void close() {
        // Closed from the last to the first; what fails first is what is thrown.
        try (stream;
                module;
                pinned;
                memory;
                launch) {
            try {
                stream.synchronize();
            } finally {
                List<Derived> all = new ArrayList<>(derived);
                all.addAll(owned);
                Closing.all(all, Launcher::close);
            }
        }
    }
}
