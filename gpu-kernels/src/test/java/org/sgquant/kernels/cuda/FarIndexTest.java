package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.DeviceAddress;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Transfer;
import org.sgquant.kernels.reference.ReferencePackedOps;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.EdgeWeights;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.HostMemory;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantScheme;

/** Weights of so many edges that their bits are more than an int counts; but their far end, the memory is not there. */
@OnDevice
class FarIndexTest {

    private static final int COLS = 16;

    private final float[][] x = new float[2][COLS];

    FarIndexTest() {
        for (int c = 0; c < COLS; c++) {
            x[0][c] = c;
            x[1][c] = 100 * c;
        }
    }

    /** A kernel on memory of a backend. */
    @FunctionalInterface
    private interface Call {
        void run(Backend backend, Memory memory, Launcher launcher);
    }

    private static void run(Call call) {
        try (CudaBackend backend = CudaBackend.open(0);
                Memory memory = backend.newMemory("far operands");
                CudaDevice device = CudaDevice.open(0);
                Launcher launcher = new Launcher(device)) {
            call.run(backend, memory, launcher);
        }
    }

    private static MemorySegment ints(Backend backend, Memory memory, int... values) {
        IntArray device = IntArray.allocate(memory, values.length);
        try (HostMemory host = new HostMemory()) {
            backend.upload(IntArray.of(host, values).data(), device.data(), device.bytes());
        }
        return device.data();
    }

    /** {@link #x} as rows of floats. */
    private PackedMatrix floats(Backend backend, Memory memory) {
        try (HostMemory host = new HostMemory()) {
            QuantScheme scheme = QuantScheme.uniform(host, "x", 2, COLS, BitWidth.FP32, Granularity.TENSOR);
            PackedMatrix rows = PackedMatrix.allocate(host, scheme);
            FloatMatrix values = FloatMatrix.allocate(host, 2, COLS);
            for (int r = 0; r < 2; r++) {
                values.setRow(r, x[r]);
            }
            new ReferencePackedOps().pack(values, rows);
            return new Transfer(backend, memory).packed(rows);
        }
    }

    @ParameterizedTest
    @CsvSource({"Q8, 268435461", "Q8, 2000000000", "Q4, 536870918", "Q2, 1073741828"})
    void weightsOfEdgesPastTwoToThe31Bits(BitWidth bits, int edge) {
        run((backend, memory, launcher) -> {
            // Codes 3 and 1 of two edges, the first at the lowest bits of a byte.
            int perByte = 8 / bits.bits();
            byte[] codes = perByte == 1 ? new byte[] {3, 1} : new byte[] {(byte) (3 | 1 << bits.bits())};
            MemorySegment end = memory.allocate(codes.length);
            try (HostMemory host = new HostMemory()) {
                MemorySegment onHost = host.allocate(codes.length);
                onHost.copyFrom(MemorySegment.ofArray(codes));
                backend.upload(onHost, end, codes.length);
            }
            QuantScheme scheme = QuantScheme.uniform(memory, "w", 1, edge + 2, bits, Granularity.TENSOR);
            Transfer.copy(
                    backend,
                    new float[][] {{0.5f}},
                    scheme.blocks().get(0).params().scale());
            long at = end.address() - edge / perByte;
            PackedMatrix all = PackedMatrix.view(DeviceAddress.of(at, PackedMatrix.allocationBytes(scheme)), scheme);
            // Edges 0 and 1 are the weights `edge` and the next of a part that began long before them.
            EdgeWeights weights = new EdgeWeights(List.of(new EdgeWeights.Part(0, 1, -edge, all)));
            FloatMatrix out = FloatMatrix.allocate(memory, 1, COLS);
            launcher.kernel("spmm_csr_weighted")
                    .pointer(ints(backend, memory, 0, 2))
                    .pointer(ints(backend, memory, 0, 1))
                    .weights(weights)
                    .packed(floats(backend, memory))
                    .int32(0)
                    .pointer(ints(backend, memory, 0))
                    .pointer(out)
                    .int32(1)
                    .int32(2)
                    .run(1);
            launcher.errors().check();
            float[] sums = Transfer.download(backend, out)[0];
            for (int c = 0; c < COLS; c++) {
                assertThat(sums[c]).isEqualTo(1.5f * c + 50f * c);
            }
        });
    }
}
