package org.sgquant.perf.device;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import org.sgquant.cuda.CudaCounters;
import org.sgquant.cuda.CudaEvent;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cuda.CudaBackend;
import org.sgquant.kernels.cuda.KernelDeclaration;
import org.sgquant.kernels.cuda.KernelList;
import org.sgquant.perf.workload.Operation.Prepared;
import org.sgquant.perf.workload.Traffic;
import org.sgquant.tensor.PackedMatrix;

/** The CUDA backend, timed by events on its stream. */
final class MeasuredCuda implements Measured {

    private final CudaBackend backend;
    private final CudaEvent start;
    private final CudaEvent end;
    private final KernelList kernels = KernelList.load();

    MeasuredCuda(CudaBackend backend) {
        this.backend = backend;
        this.start = backend.device().newEvent();
        this.end = backend.device().newEvent();
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public Sampler.Clock clock() {
        return calls -> {
            start.record(backend.stream());
            calls.run();
            end.record(backend.stream());
            return end.millisecondsSince(start);
        };
    }

    /**
     * An operation may take several kernels, one of them for hubs alone: the formula of those that read edges counts,
     * or the largest where none does.
     */
    @Override
    public Double bytes(Prepared prepared, int columns, int edges) {
        Map<String, Long> before = new HashMap<>();
        kernels.all().forEach(k -> before.put(k.name(), CudaCounters.launches(k.name())));
        prepared.calls().run();
        backend.finish();
        List<String> formulas = kernels.all().stream()
                .filter(k -> CudaCounters.launches(k.name()) > before.get(k.name()))
                .map(KernelDeclaration::traffic)
                .toList();
        boolean readsEdges = formulas.stream().anyMatch(MeasuredCuda::isOverEdges);
        Map<String, Double> sizes = sizes(prepared, columns, edges);
        OptionalDouble most = formulas.stream()
                .filter(formula -> !readsEdges || isOverEdges(formula))
                .mapToDouble(formula -> Traffic.bytes(formula, sizes))
                .max();
        return most.isPresent() ? most.getAsDouble() : null;
    }

    private static boolean isOverEdges(String formula) {
        return formula.contains("nnz");
    }

    private static Map<String, Double> sizes(Prepared prepared, int columns, int edges) {
        Map<String, Double> sizes = new HashMap<>();
        sizes.put("n", (double) prepared.out().rows());
        sizes.put("m", (double) prepared.out().rows());
        sizes.put("nnz", (double) edges);
        sizes.put("f", (double) prepared.out().cols());
        sizes.put("k", (double) columns);
        sizes.put("r", prepared.packed() == null ? 0 : rowBytes(prepared.packed()));
        return sizes;
    }

    /** Mean bytes of a row. */
    private static double rowBytes(PackedMatrix packed) {
        long bytes = 0;
        for (int b = 0; b < packed.scheme().blocks().size(); b++) {
            bytes += packed.dataBytes(b);
        }
        return (double) bytes / packed.rows();
    }

    @Override
    public Optional<String> unlaunched() {
        return Optional.of(kernels.all().stream()
                .map(KernelDeclaration::name)
                .filter(name -> CudaCounters.launches(name) == 0)
                .collect(Collectors.joining(" ")));
    }

    @Override
    public void close() {
        start.close();
        end.close();
        backend.close();
    }
}
