package org.sgquant.quant;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.sgquant.kernels.Backend;
import org.sgquant.quant.QuantizedCells.Quantized;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedTensor;

/**
 * The features of one graph as assignments have quantized them so far, for others that quantize them alike.
 *
 * <p>What was not used for the longest time leaves when more than {@code maxBytes} are held, but for the last used: one
 * model at a time may use what it gets, until the next asks.
 */
public final class FeatureCodes implements AutoCloseable {

    /** What decides the codes of given features: {@code scaled} tells whether rows have the factor of the graph's norm. */
    record Key(List<BitWidth> widths, boolean scaled, QuantConfig config) {}

    private record Entry(Memory packedMemory, Memory fakeMemory, Quantized<PackedTensor> features) {
        long bytes() {
            return packedMemory.allocatedBytes() + fakeMemory.allocatedBytes();
        }

        void close() {
            packedMemory.close();
            fakeMemory.close();
        }
    }

    private final Backend backend;
    private final long maxBytes;
    private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    public FeatureCodes(Backend backend, long maxBytes) {
        this.backend = backend;
        this.maxBytes = maxBytes;
    }

    /** The features of {@code key}, made by {@code quantize} in memory for codes and memory for floats where they are new. */
    Quantized<PackedTensor> get(Key key, BiFunction<Memory, Memory, Quantized<PackedTensor>> quantize) {
        Entry entry = entries.get(key);
        if (entry == null) {
            Memory packed = backend.newMemory("packed features");
            Memory fake = backend.newMemory("fake-quantized features");
            entry = new Entry(packed, fake, quantize.apply(packed, fake));
            entries.put(key, entry);
            evict();
        }
        return entry.features();
    }

    /** Bytes that hold the codes of {@code key}. */
    long packedBytes(Key key) {
        return entries.get(key).packedMemory().allocatedBytes();
    }

    private void evict() {
        backend.finish();
        long bytes = entries.values().stream().mapToLong(Entry::bytes).sum();
        for (Iterator<Entry> eldest = entries.values().iterator(); bytes > maxBytes && entries.size() > 1; ) {
            Entry entry = eldest.next();
            bytes -= entry.bytes();
            entry.close();
            eldest.remove();
        }
    }

    @Override
    public void close() {
        entries.values().forEach(Entry::close);
        entries.clear();
    }
}
