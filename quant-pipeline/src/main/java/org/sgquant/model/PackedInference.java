package org.sgquant.model;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.sgquant.autograd.Plan;
import org.sgquant.autograd.StageCache;
import org.sgquant.autograd.Tape;
import org.sgquant.autograd.Value;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.quant.Cell;
import org.sgquant.quant.QuantizedCells;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.SparsePackedMatrix;
import org.sgquant.tensor.SparsePacker;

/**
 * Inference from packed integers: features, weights and edge weights are codes, messages and hidden embeddings are
 * packed as they arise and aggregated as integers. The same bits on every backend at any thread count.
 */
public final class PackedInference implements AutoCloseable {

    private final Backend backend;
    private final Memory memory;
    private final QuantizedCells cells;
    private final FloatMatrix logits;
    private final Tape tape;
    private final Forward forward;
    private Memory slab;
    private Plan plan;
    private Set<Integer> ends;
    private boolean closed;

    /** Traces {@code model} over the frozen ranges and packed weights of {@code cells}. */
    public PackedInference(
            Model model, GraphInput input, Parameters parameters, QuantizedCells cells, Backend backend) {
        this.backend = backend;
        this.memory = backend.newMemory("inference");
        this.cells = cells;
        this.tape = Tape.exact();
        this.forward = new Forward(tape, Phase.PACKED, input, parameters, cells, null);
        Value out = model.logits(forward);
        this.logits = FloatMatrix.allocate(memory, out.rows(), out.cols());
        tape.output(out, logits);
    }

    /** The plan to run whole. */
    private Plan plan() {
        return plan(List.of());
    }

    /** The plan to run in {@code stages}. There is one at a time, as a tape has one set of buffers. */
    private Plan plan(List<StageCache.Stage> stages) {
        if (closed) {
            throw new IllegalStateException("packed inference is closed");
        }
        Set<Integer> asked = stages.stream().map(StageCache.Stage::end).collect(Collectors.toSet());
        if (plan == null || !asked.equals(ends)) {
            closePlan();
            slab = backend.newMemory("inference");
            plan = Plan.compile(tape, backend, slab, asked);
            ends = asked;
        }
        return plan;
    }

    private void closePlan() {
        if (plan != null) {
            plan.close();
            plan = null;
        }
        if (slab != null) {
            slab.close();
            slab = null;
        }
    }

    /** Runs once and returns the logits, N x C, rows in the order of the graph. */
    public float[][] run() {
        plan().run();
        return Transfer.download(backend, logits);
    }

    /** The same but for what {@code known} has of models of one {@code start}, told apart by {@code structure}. */
    float[][] run(StageCache known, Object start, String structure) {
        List<StageCache.Stage> stages = forward.stages(start, structure);
        plan(stages).run(known, stages);
        return Transfer.download(backend, logits);
    }

    /** Runs once to the end without reading the logits; for timing. */
    public void runOnly() {
        plan().run();
        backend.finish();
    }

    /** Runs once and returns the SHA-256 of the codes of every packed tensor, in dense form, blocks in order, each with its row codes, by cell. */
    public SortedMap<String, String> codesSha256() {
        SortedMap<String, String> sums = new TreeMap<>();
        if (cells.features() != null) {
            switch (cells.features().packed()) {
                case PackedMatrix dense -> add(sums, dense);
                case SparsePackedMatrix sparse -> addAsDense(sums, sparse);
            }
        }
        cells.weights().values().forEach(w -> add(sums, w));
        for (Cell cell : cells.attentionCells()) {
            MessageDigest digest = sha256();
            cells.attention(cell).packed().parts().forEach(p -> update(digest, p.codes()));
            sums.put(cell.toString(), HexFormat.of().formatHex(digest.digest()));
        }
        plan().run(matrix -> {
            if (matrix.scheme().blocks().stream().anyMatch(b -> b.bits().isPacked())) {
                add(sums, matrix);
            }
        });
        return sums;
    }

    /** The form in which codes are stored does not show in their sum. */
    private void addAsDense(SortedMap<String, String> sums, SparsePackedMatrix sparse) {
        try (HostMemory host = new HostMemory();
                Memory device = backend.newMemory("codes")) {
            SparsePackedMatrix copy = Transfer.download(backend, sparse, host);
            add(sums, new Transfer(backend, device).packed(SparsePacker.decode(copy, host)));
        }
    }

    private void add(SortedMap<String, String> sums, PackedMatrix matrix) {
        MessageDigest digest = sha256();
        update(digest, matrix);
        sums.put(matrix.scheme().name(), HexFormat.of().formatHex(digest.digest()));
    }

    private void update(MessageDigest digest, PackedMatrix matrix) {
        for (int b = 0; b < matrix.scheme().blocks().size(); b++) {
            update(digest, matrix.data(b), matrix.dataBytes(b));
            update(digest, matrix.rowCodes(b), matrix.rowCodes(b).byteSize());
        }
    }

    private void update(MessageDigest digest, MemorySegment source, long bytes) {
        if (bytes > 0) {
            try (HostMemory host = new HostMemory()) {
                MemorySegment copy = host.allocate(bytes);
                backend.download(source, copy, bytes);
                digest.update(copy.asSlice(0, bytes).asByteBuffer());
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** Bytes of what it reads of the graph itself, besides cells and parameters. */
    long graphBytes() {
        return forward.graphBytes();
    }

    /** Bytes of slab, logits and packed tensors: the high-water mark of memory that inference allocates. */
    public long peakBytes() {
        return plan().slabBytes() + memory.allocatedBytes() + cells.packedBytes();
    }

    @Override
    public void close() {
        closed = true;
        closePlan();
        memory.close();
    }
}
