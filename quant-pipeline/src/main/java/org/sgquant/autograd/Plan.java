package org.sgquant.autograd;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Replay;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;

/**
 * A recorded list of kernel calls with its buffers: replayed as often as wanted, without allocation.
 *
 * <p>The backend may record the calls and launch the record ({@link Backend#replayable}), so what changes from run to run
 * is in device memory, never an argument. Chains of packed inference are one step each ({@link Fusion}).
 *
 * <p>Buffers of intermediate values are placed by liveness in one slab: two values share bytes iff no step needs both.
 */
public final class Plan implements AutoCloseable {

    /** Told of every packed tensor of a run right after it was written, before its bytes are reused. */
    public interface PackedListener {
        void packed(PackedMatrix matrix);
    }

    private final Backend backend;
    private final List<Tape.Node> steps;
    private final List<Integer> starts;
    private final long slabBytes;
    private final Replay replay;

    private Plan(Backend backend, Placement placement) {
        this.backend = backend;
        this.steps = placement.steps().stream().map(Fusion.Step::node).toList();
        this.starts = placement.steps().stream().map(Fusion.Step::start).toList();
        this.slabBytes = placement.bytes();
        this.replay =
                backend.replayable(() -> steps.forEach(step -> step.kernel().run(backend)));
    }

    /** Binds every value of {@code tape} to a place in one slab from {@code memory}. */
    public static Plan compile(Tape tape, Backend backend, Memory memory) {
        return compile(tape, backend, memory, Set.of());
    }

    /**
     * The same, ready to be run in stages: no step of the plan joins steps of the tape before and after one of {@code ends},
     * {@link StageCache.Stage#end()}.
     */
    public static Plan compile(Tape tape, Backend backend, Memory memory, Set<Integer> ends) {
        return compile(List.of(tape), backend, memory, ends).get(0);
    }

    /** A plan for each tape, all over one slab as large as the largest needs: a run leaves nothing for the next. */
    public static List<Plan> compile(List<Tape> tapes, Backend backend, Memory memory) {
        return compile(tapes, backend, memory, Set.of());
    }

    private static List<Plan> compile(List<Tape> tapes, Backend backend, Memory memory, Set<Integer> ends) {
        List<Placement> placements = tapes.stream()
                .map(tape -> place(Fusion.steps(tape, backend, ends)))
                .toList();
        long bytes = placements.stream().mapToLong(Placement::bytes).max().orElse(0);
        MemorySegment slab = memory.allocate(bytes);
        List<Plan> plans = new ArrayList<>();
        for (Placement p : placements) {
            p.offsets().forEach((value, offset) -> bind(value, slab.asSlice(offset, bytes(value))));
            plans.add(new Plan(backend, p));
        }
        return plans;
    }

    /** Where the values of a tape lie in a slab. */
    private record Placement(List<Fusion.Step> steps, Map<Value, Long> offsets, long bytes) {}

    private static Placement place(List<Fusion.Step> steps) {
        List<Tape.Node> nodes = steps.stream().map(Fusion.Step::node).toList();
        Map<Value, Integer> lastUse = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            int step = i;
            nodes.get(i).inputs().forEach(v -> lastUse.put(v, step));
        }
        SlabLayout layout = new SlabLayout();
        Map<Value, Long> offsets = new LinkedHashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            Value out = nodes.get(i).output();
            if (out != null && !out.isExternal()) {
                offsets.put(out, layout.place(bytes(out), i, lastUse.getOrDefault(out, i)));
            }
        }
        return new Placement(steps, offsets, layout.bytes());
    }

    private static long bytes(Value v) {
        return v.isPacked()
                ? PackedMatrix.allocationBytes(v.scheme())
                : FloatMatrix.bytes(v.bufferRows(), v.bufferCols());
    }

    private static void bind(Value v, MemorySegment segment) {
        if (v.isPacked()) {
            v.bind(PackedMatrix.view(segment, v.scheme()));
        } else {
            v.bind(FloatMatrix.view(segment, v.bufferRows(), v.bufferCols()));
        }
    }

    /** Runs every step once. */
    public void run() {
        replay.run();
    }

    /** Runs every step once and shows each packed tensor as soon as it is written. */
    public void run(PackedListener listener) {
        for (Tape.Node step : steps) {
            step.kernel().run(backend);
            if (step.output() != null && step.output().isPacked()) {
                listener.packed(step.output().packed());
            }
        }
    }

    /**
     * Runs the steps that {@code cache} does not know already, and tells it of stages that it may know another time:
     * those after which a single tensor of floats is read on.
     *
     * @throws IllegalArgumentException where a stage ends within a step
     */
    public void run(StageCache cache, List<StageCache.Stage> allStages) {
        List<StageCache.Stage> stages =
                allStages.stream().filter(s -> end(s) < steps.size()).toList();
        int from = 0;
        for (StageCache.Stage stage : stages.reversed()) {
            FloatMatrix live = onlyLive(end(stage));
            if (live != null && cache.restore(stage, live)) {
                from = end(stage);
                break;
            }
        }
        for (StageCache.Stage stage : stages) {
            if (end(stage) > from) {
                run(from, end(stage));
                from = end(stage);
                FloatMatrix live = onlyLive(from);
                if (live != null) {
                    cache.save(stage, live);
                }
            }
        }
        run(from, steps.size());
    }

    /** Steps of this plan up to the end of a stage of its tape. */
    private int end(StageCache.Stage stage) {
        int end = 0;
        while (end < steps.size() && starts.get(end) < stage.end()) {
            end++;
        }
        if (end < steps.size() && starts.get(end) != stage.end()) {
            throw new IllegalArgumentException("a stage ends at step " + stage.end() + ", within "
                    + steps.get(end - 1).name() + ": compile the plan with the ends of its stages");
        }
        return end;
    }

    private void run(int from, int to) {
        steps.subList(from, to).forEach(step -> step.kernel().run(backend));
    }

    /** The tensor of floats in the slab that is all that steps from {@code end} on read of those before, else null. */
    private FloatMatrix onlyLive(int end) {
        Set<Value> before =
                steps.subList(0, end).stream().map(Tape.Node::output).collect(Collectors.toSet());
        List<Value> live = steps.subList(end, steps.size()).stream()
                .flatMap(step -> step.inputs().stream())
                .filter(value -> before.contains(value) && !value.isExternal())
                .distinct()
                .toList();
        return live.size() == 1 && !live.get(0).isPacked() ? live.get(0).dense() : null;
    }

    /** Bytes of the slab. */
    public long slabBytes() {
        return slabBytes;
    }

    /** Names of the steps in order, for people and tests. */
    public List<String> stepNames() {
        return steps.stream().map(Tape.Node::name).collect(Collectors.toList());
    }

    @Override
    public void close() {
        replay.close();
    }

    /** Places intervals of life in one address range: first gap that no overlapping life occupies. */
    private static final class SlabLayout {

        private record Placed(long offset, long bytes, int from, int to) {}

        private final List<Placed> placed = new ArrayList<>();
        private long end;

        long place(long size, int from, int to) {
            long bytes = Memory.align(size);
            List<Placed> rivals = placed.stream()
                    .filter(p -> p.from() <= to && from <= p.to())
                    .sorted((a, b) -> Long.compare(a.offset(), b.offset()))
                    .toList();
            long offset = 0;
            for (Placed p : rivals) {
                if (offset + bytes <= p.offset()) {
                    break;
                }
                offset = Math.max(offset, p.offset() + p.bytes());
            }
            placed.add(new Placed(offset, bytes, from, to));
            end = Math.max(end, offset + bytes);
            return offset;
        }

        long bytes() {
            return end;
        }
    }
}
