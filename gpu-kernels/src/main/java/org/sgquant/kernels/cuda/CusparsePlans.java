package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import org.sgquant.cuda.Cusparse;
import org.sgquant.cuda.Cusparse.Algorithm;
import org.sgquant.cuda.Cusparse.Operands;
import org.sgquant.cuda.Cusparse.Pattern;
import org.sgquant.cuda.CusparsePlan;
import org.sgquant.cuda.DeviceMemory;
import org.sgquant.kernels.cuda.CudaCasts.Form;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.FloatMatrix;

/** What cuSPARSE has prepared for the row pointers of a graph, by what it is prepared for; kept as long as they are. */
final class CusparsePlans implements AutoCloseable {

    /** @param algorithm null for samples */
    private record Key(long colIdx, int cols, Algorithm algorithm, Operands operands, int width) {}

    private final Cusparse cusparse;
    private final Map<Key, CusparsePlan> plans = new HashMap<>();
    private final DeviceMemory memory;
    private final Map<Form, MemorySegment> ones = new EnumMap<>(Form.class);

    private CusparsePlans(Launcher launcher, Cusparse cusparse) {
        this.cusparse = cusparse;
        this.memory = launcher.device().newMemory("edge weights");
    }

    static CusparsePlans of(Launcher launcher, Cusparse cusparse, CsrGraph graph) {
        return launcher.derived(
                graph.rowPtr().data(), CusparsePlans.class, () -> new CusparsePlans(launcher, cusparse));
    }

    CusparsePlan product(CsrGraph graph, Algorithm algorithm, Operands operands, int width) {
        return plans.computeIfAbsent(
                key(graph, algorithm, operands, width),
                key -> cusparse.newProduct(pattern(graph), operands, algorithm, width, FloatMatrix.stride(width)));
    }

    CusparsePlan samples(CsrGraph graph, Operands operands, int width) {
        return plans.computeIfAbsent(
                key(graph, null, operands, width),
                key -> cusparse.newSamples(pattern(graph), operands, width, FloatMatrix.stride(width)));
    }

    /** A weight of 1 for every edge, one after the other in {@code form}; made once, before anything is recorded. */
    MemorySegment ones(Launcher launcher, Form form, int edges) {
        MemorySegment present = ones.get(form);
        if (present != null) {
            return present;
        }
        int floats = (int) Math.ceilDiv((long) edges * form.bytes(), Float.BYTES);
        MemorySegment fresh = CudaMemory.allocate(memory, FloatMatrix.bytes(1, floats));
        String name = "fill_f32";
        launcher.kernel(name)
                .pointer(fresh)
                .float32(form.filledWithOnes())
                .int64(floats)
                .run(launcher.blocks(name, floats));
        ones.put(form, fresh);
        return fresh;
    }

    private static Key key(CsrGraph graph, Algorithm algorithm, Operands operands, int width) {
        return new Key(graph.colIdx().data().address(), graph.numCols(), algorithm, operands, width);
    }

    private static Pattern pattern(CsrGraph graph) {
        return new Pattern(
                graph.numRows(),
                graph.numCols(),
                graph.numEdges(),
                graph.rowPtr().data(),
                graph.colIdx().data());
    }

    @Override
    public void close() {
        try (memory) {
            Closing.all(plans.values(), CusparsePlan::close);
        }
    }
}
