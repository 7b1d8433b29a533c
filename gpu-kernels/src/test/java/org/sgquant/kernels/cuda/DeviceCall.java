package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.StepState;
import org.sgquant.tensor.CsrGraph;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.LearnedRanges;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.SparsePackedMatrix;

/** One operation on a device with operands of the host: copies them over, runs it to its end, copies all of them back. */
final class DeviceCall {

    private final Backend backend;
    private final Memory memory;
    private final Map<Long, MemorySegment> copies = new HashMap<>();
    private final Map<MemorySegment, MemorySegment> back = new HashMap<>();

    private DeviceCall(Backend backend, Memory memory) {
        this.backend = backend;
        this.memory = memory;
    }

    static void run(Backend backend, Consumer<DeviceCall> operation) {
        try (Memory memory = backend.newMemory("operands")) {
            DeviceCall call = new DeviceCall(backend, memory);
            operation.accept(call);
            backend.finish();
            call.back.forEach((device, host) -> backend.download(device, host, host.byteSize()));
        }
    }

    /** The copy of {@code bytes} at {@code host}; the same one when asked for again, so that in-place stays in place. */
    private MemorySegment copy(MemorySegment host, long bytes) {
        return copies.computeIfAbsent(host.address(), address -> {
            MemorySegment device = memory.allocate(bytes);
            if (bytes > 0) {
                backend.upload(host, device, bytes);
                back.put(device, host.asSlice(0, bytes));
            }
            return device;
        });
    }

    FloatMatrix matrix(FloatMatrix host) {
        return host == null ? null : FloatMatrix.view(copy(host.data(), host.bytes()), host.rows(), host.cols());
    }

    IntArray ints(IntArray host) {
        return IntArray.view(copy(host.data(), host.bytes()), host.size());
    }

    CsrGraph graph(CsrGraph host) {
        return new CsrGraph(host.numRows(), host.numCols(), ints(host.rowPtr()), ints(host.colIdx()));
    }

    StepState state(StepState host) {
        return new StepState(copy(host.data(), StepState.BYTES));
    }

    QuantScheme scheme(QuantScheme host) {
        List<QuantScheme.Block> blocks = host.blocks().stream()
                .map(b -> new QuantScheme.Block(
                        b.rowStart(),
                        b.rowEnd(),
                        b.bits(),
                        new QuantParams(
                                matrix(b.params().scale()), matrix(b.params().offset()))))
                .toList();
        return new QuantScheme(host.name(), host.cols(), host.granularity(), host.rounding(), blocks);
    }

    LearnedRanges ranges(LearnedRanges host) {
        return new LearnedRanges(
                scheme(host.scheme()),
                matrix(host.gradient()),
                matrix(host.error()),
                matrix(host.m()),
                matrix(host.v()));
    }

    PackedMatrix packed(PackedMatrix host) {
        PackedMatrix device = PackedMatrix.allocate(memory, scheme(host.scheme()));
        for (int b = 0; b < host.scheme().blocks().size(); b++) {
            if (host.dataBytes(b) > 0) {
                backend.upload(host.data(b), device.data(b), host.dataBytes(b));
                back.put(device.data(b), host.data(b).asSlice(0, host.dataBytes(b)));
            }
            if (host.rowCodes(b).byteSize() > 0) {
                backend.upload(
                        host.rowCodes(b), device.rowCodes(b), host.rowCodes(b).byteSize());
                back.put(device.rowCodes(b), host.rowCodes(b));
            }
        }
        return device;
    }

    SparsePackedMatrix sparsePacked(SparsePackedMatrix host) {
        return host.at(copy(host.data(), host.allocationBytes()));
    }

    EdgeWeights weights(EdgeWeights host) {
        return host == null
                ? null
                : new EdgeWeights(host.parts().stream()
                        .map(p -> new EdgeWeights.Part(p.rowStart(), p.rowEnd(), p.edgeStart(), packed(p.codes())))
                        .toList());
    }
}
