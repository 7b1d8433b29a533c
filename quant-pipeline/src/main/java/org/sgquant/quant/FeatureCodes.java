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
 * <p>What was not used for the longest time leaves when more than {@code maxBytes} would be held, but for the last asked
 * for, however large: one model at a time may use what it gets, until the next asks.
 */
public final class FeatureCodes implements AutoCloseable {

    /**
     * What decides the codes of given features: {@code order} that of the nodes, {@code scaled} whether rows have the
     * factor of the graph's norm.
     */
    record Key(DegreeBuckets order, List<BitWidth> widths, boolean scaled, QuantConfig config) {}

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
            // Room for as much as the largest so far takes: the floats, most of it, are the same for all widths.
            evict(
                    maxBytes
                            - entries.values().stream()
                                    .mapToLong(Entry::bytes)
                                    .max()
                                    .orElse(0),
                    0);
            entry = quantized(quantize);
            entries.put(key, entry);
            evict(maxBytes, 1);
        }
        return entry.features();
    }

    private Entry quantized(BiFunction<Memory, Memory, Quantized<PackedTensor>> quantize) {
        Memory packed = backend.newMemory("packed features");
        Memory fake = backend.newMemory("fake-quantized features");
        try {
            Quantized<PackedTensor> features = quantize.apply(packed, fake);
            // A device reports late what went wrong; what is wrong must not be kept.
            backend.finish();
            return new Entry(packed, fake, features);
        } catch (RuntimeException | Error e) {
            packed.close();
            fake.close();
            throw e;
        }
    }

    /** Bytes that hold the codes of {@code key}. */
    long packedBytes(Key key) {
        return entries.get(key).packedMemory().allocatedBytes();
    }

    /** Lets the eldest go until {@code allowed} bytes are held, or {@code kept} entries. */
    private void evict(long allowed, int kept) {
        long bytes = bytes();
        if (bytes > allowed) {
            backend.finish();
        }
        for (Iterator<Entry> eldest = entries.values().iterator(); bytes > allowed && entries.size() > kept; ) {
            Entry entry = eldest.next();
            bytes -= entry.bytes();
            entry.close();
            eldest.remove();
        }
    }

    /** Bytes held. */
    long bytes() {
        return entries.values().stream().mapToLong(Entry::bytes).sum();
    }

    @Override
    public void close() {
        entries.values().forEach(Entry::close);
        entries.clear();
    }
}
