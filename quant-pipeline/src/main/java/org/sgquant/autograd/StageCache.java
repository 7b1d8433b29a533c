package org.sgquant.autograd;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.kernels.Backend;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/**
 * What plans had computed at the ends of their stages, by key, so that another plan that begins alike begins there.
 *
 * <p>What was not used for the longest time leaves before more than {@code maxBytes} are held; what does not fit alone
 * is never kept.
 */
public final class StageCache implements AutoCloseable {

    /**
     * What a plan does of the first {@code end} steps of its tape. Plans whose stages have equal keys compute the same in them, and leave the
     * same in {@code written}, the buffers outside the slab that they write.
     */
    public record Stage(int end, Object key, List<FloatMatrix> written) {}

    /** Copies of what a stage leaves. */
    private record Entry(Memory memory, List<FloatMatrix> left) {}

    private final Backend backend;
    private final long maxBytes;
    private final Map<Object, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private long restored;

    public StageCache(Backend backend, long maxBytes) {
        this.backend = backend;
        this.maxBytes = maxBytes;
    }

    /** Fills {@code live}, which later steps read, and what {@code stage} writes, if the stage is known. */
    boolean restore(Stage stage, FloatMatrix live) {
        Entry entry = entries.get(stage.key());
        if (entry == null) {
            return false;
        }
        List<FloatMatrix> targets = left(stage, live);
        for (int i = 0; i < targets.size(); i++) {
            backend.elementwise().copy(entry.left().get(i), targets.get(i));
        }
        restored++;
        return true;
    }

    /** Keeps what {@code stage} left, where it fits. */
    void save(Stage stage, FloatMatrix live) {
        List<FloatMatrix> sources = left(stage, live);
        long needed = sources.stream().mapToLong(FloatMatrix::bytes).sum();
        if (needed > maxBytes || entries.containsKey(stage.key())) {
            return;
        }
        evict(maxBytes - needed);
        Memory memory = backend.newMemory("stage of a plan");
        try {
            List<FloatMatrix> copies = new ArrayList<>();
            for (FloatMatrix source : sources) {
                FloatMatrix copy = FloatMatrix.allocate(memory, source.rows(), source.cols());
                backend.elementwise().copy(source, copy);
                copies.add(copy);
            }
            // A device reports late what a kernel of the stage found wrong; what is wrong must not be kept.
            backend.finish();
            entries.put(stage.key(), new Entry(memory, copies));
        } catch (RuntimeException | Error e) {
            memory.close();
            throw e;
        }
        bytes += memory.allocatedBytes();
    }

    private static List<FloatMatrix> left(Stage stage, FloatMatrix live) {
        List<FloatMatrix> all = new ArrayList<>(stage.written());
        all.add(live);
        return all;
    }

    private void evict(long allowed) {
        if (bytes > allowed) {
            backend.finish();
        }
        for (Iterator<Entry> eldest = entries.values().iterator(); bytes > allowed && eldest.hasNext(); ) {
            Memory memory = eldest.next().memory();
            bytes -= memory.allocatedBytes();
            memory.close();
            eldest.remove();
        }
    }

    /** Bytes held. */
    public long bytes() {
        return bytes;
    }

    /** Runs that began at the end of a known stage. */
    public long restored() {
        return restored;
    }

    @Override
    public void close() {
        entries.values().forEach(e -> e.memory().close());
        entries.clear();
        bytes = 0;
    }
}
