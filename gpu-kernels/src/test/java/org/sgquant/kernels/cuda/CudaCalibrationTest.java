package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.sgquant.kernels.Calibration;
import org.sgquant.kernels.NonFiniteException;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.StepState;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedMatrix;
import org.sgquant.tensor.QuantParams;
import org.sgquant.tensor.QuantScheme;
import org.sgquant.tensor.Rounding;

/** Ranges and codes on a CUDA device are the CPU's at sizes that fill many blocks, and when replayed. */
class CudaCalibrationTest extends CudaAgainstCpu {

    private QuantScheme scheme(int rows, int cols, Granularity granularity, Rounding rounding, BitWidth... bits) {
        int[] bounds = new int[bits.length + 1];
        for (int b = 1; b <= bits.length; b++) {
            bounds[b] = rows * b / bits.length;
        }
        return QuantScheme.create(random.memory(), "h", bounds, cols, List.of(bits), granularity, rounding);
    }

    private static void assertSameRanges(QuantScheme actual, QuantScheme expected, String what) {
        for (int b = 0; b < expected.blocks().size(); b++) {
            QuantParams a = actual.blocks().get(b).params();
            QuantParams e = expected.blocks().get(b).params();
            assertThat(a.scale().row(0))
                    .as("%s, block %d, scale", what, b)
                    .isEqualTo(e.scale().row(0));
            assertThat(a.offset().row(0))
                    .as("%s, block %d, offset", what, b)
                    .isEqualTo(e.offset().row(0));
        }
    }

    /** What a ReLU leaves: half of the values zero, the rest with a long tail. */
    private FloatMatrix rectified(int rows, int cols) {
        FloatMatrix x = random.normal(rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                x.set(r, c, Math.max(0, x.get(r, c) * Math.abs(x.get(r, c))));
            }
        }
        return x;
    }

    @ParameterizedTest
    @EnumSource(Granularity.class)
    void rangesAreThoseOfTheCpu(Granularity granularity) {
        for (FloatMatrix x : List.of(random.normal(2051, 37), rectified(2051, 37), random.normal(3, 1030))) {
            for (Calibration calibration : List.of(
                    Calibration.MIN_MAX,
                    Calibration.ROW_MEAN,
                    Calibration.SIGN,
                    Calibration.percentile(0.95),
                    Calibration.MSE)) {
                for (Rounding rounding : Rounding.values()) {
                    BitWidth[] bits = {BitWidth.Q2, BitWidth.FP32, BitWidth.Q8};
                    QuantScheme actual = scheme(x.rows(), x.cols(), granularity, rounding, bits);
                    QuantScheme expected = scheme(x.rows(), x.cols(), granularity, rounding, bits);
                    HostOperands.packed(cuda).calibrate(x, actual, calibration);
                    cpu.packed().calibrate(x, expected, calibration);
                    assertSameRanges(actual, expected, calibration + " " + rounding + " " + x);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"70001, 3", "1, 2000", "5, 1", "0, 7", "4, 0"})
    void oddShapesToo(int rows, int cols) {
        FloatMatrix x = rectified(rows, cols);
        for (Granularity granularity : Granularity.values()) {
            for (Calibration calibration : List.of(
                    Calibration.MIN_MAX, Calibration.ROW_MEAN, Calibration.SIGN, Calibration.percentile(0.999))) {
                QuantScheme actual = scheme(rows, cols, granularity, Rounding.NEAREST, BitWidth.Q4, BitWidth.Q1);
                QuantScheme expected = scheme(rows, cols, granularity, Rounding.NEAREST, BitWidth.Q4, BitWidth.Q1);
                HostOperands.packed(cuda).calibrate(x, actual, calibration);
                cpu.packed().calibrate(x, expected, calibration);
                assertSameRanges(actual, expected, calibration + " " + granularity + " " + x);
            }
        }
    }

    @Test
    void negativeZeroIsBelowZero() {
        FloatMatrix x = FloatMatrix.of(random.memory(), new float[][] {{0f, -0f}, {-0f, -0f}, {1f, -0f}});
        for (Granularity granularity : Granularity.values()) {
            QuantScheme actual = scheme(3, 2, granularity, Rounding.NEAREST, BitWidth.Q4);
            QuantScheme expected = scheme(3, 2, granularity, Rounding.NEAREST, BitWidth.Q4);
            for (Calibration calibration : List.of(Calibration.MIN_MAX, Calibration.MSE)) {
                HostOperands.packed(cuda).calibrate(x, actual, calibration);
                cpu.packed().calibrate(x, expected, calibration);
                assertSameRanges(actual, expected, calibration + " " + granularity);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(BitWidth.class)
    void codesAreThoseOfTheCpuBeyond65535Rows(BitWidth bits) {
        for (int cols : new int[] {1, 3, 34}) {
            int rows = 66_001;
            FloatMatrix x = random.normal(rows, cols);
            QuantScheme scheme = scheme(rows, cols, Granularity.BUCKET, Rounding.NEAREST, bits, bits);
            cpu.packed().calibrate(x, scheme, Calibration.percentile(0.9));
            PackedMatrix actual = PackedMatrix.allocate(random.memory(), scheme);
            PackedMatrix expected = PackedMatrix.allocate(random.memory(), scheme);
            HostOperands.packed(cuda).pack(x, actual);
            cpu.packed().pack(x, expected);
            for (int b = 0; b < 2; b++) {
                long bytes = expected.dataBytes(b);
                assertThat(actual.data(b)
                                .asSlice(0, bytes)
                                .mismatch(expected.data(b).asSlice(0, bytes)))
                        .as("%s, %d columns, block %d", bits, cols, b)
                        .isEqualTo(-1);
            }
            FloatMatrix unpacked = random.normal(rows, cols);
            FloatMatrix fake = random.normal(rows, cols);
            HostOperands.packed(cuda).unpack(actual, unpacked);
            cpu.packed().fakeQuantize(x, scheme, fake);
            assertThat(unpacked.toArray()).isDeepEqualTo(fake.toArray());
        }
    }

    /** One step of everything that quantizes, on operands of one backend. */
    private record Step(PackedOps ops, FloatMatrix x, QuantScheme scheme, PackedMatrix packed, FloatMatrix out) {

        void run(Calibration calibration, StepState state) {
            ops.calibrate(x, scheme, calibration);
            ops.pack(x, packed);
            ops.unpack(packed, out);
            ops.fakeQuantizeStochastic(x, scheme, 1, state, x);
            ops.fakeQuantizeBackward(x, scheme, out, out);
        }
    }

    @ParameterizedTest
    @EnumSource(Granularity.class)
    void recordedStepsFollowTheStateAndNeedNoHost(Granularity granularity) {
        FloatMatrix x = random.normal(301, 33);
        FloatMatrix out = random.normal(301, 33);
        StepState state = StepState.allocate(random.memory());
        state.set(11, 1, 0);
        QuantScheme scheme = scheme(301, 33, granularity, Rounding.NEAREST, BitWidth.Q3, BitWidth.Q8);
        try (Memory memory = cuda.newMemory("step")) {
            Transfer transfer = new Transfer(cuda, memory);
            QuantScheme onDevice = transfer.scheme(scheme);
            StepState stateOnDevice = StepState.allocate(memory);
            cuda.upload(state.data(), stateOnDevice.data(), StepState.BYTES);
            Step device = new Step(
                    cuda.packed(),
                    transfer.matrix(x),
                    onDevice,
                    PackedMatrix.allocate(memory, onDevice),
                    transfer.matrix(out));
            Step host = new Step(cpu.packed(), x, scheme, PackedMatrix.allocate(random.memory(), scheme), out);
            try (Replay replay = cuda.replayable(() -> {
                device.run(Calibration.MSE, stateOnDevice);
                cuda.elementwise().nextStep(stateOnDevice);
            })) {
                for (int step = 0; step < 4; step++) {
                    replay.run();
                    host.run(Calibration.MSE, state);
                    cpu.elementwise().nextStep(state);
                }
            }
            assertThat(Transfer.download(cuda, device.x)).isDeepEqualTo(x.toArray());
            assertThat(Transfer.download(cuda, device.out)).isDeepEqualTo(out.toArray());
        }
    }

    @Test
    void aReplayedStepStillNamesWhatIsNotFinite() {
        FloatMatrix x = random.normal(40, 5);
        try (Memory memory = cuda.newMemory("step")) {
            Transfer transfer = new Transfer(cuda, memory);
            FloatMatrix onDevice = transfer.matrix(x);
            QuantScheme scheme = transfer.scheme(scheme(40, 5, Granularity.COLUMN, Rounding.NEAREST, BitWidth.Q4));
            try (Replay replay =
                    cuda.replayable(() -> cuda.packed().calibrate(onDevice, scheme, Calibration.percentile(0.99)))) {
                for (int step = 0; step < 3; step++) {
                    replay.run();
                }
                cuda.finish();
                x.set(7, 4, Float.NEGATIVE_INFINITY);
                x.set(8, 0, Float.NaN);
                cuda.upload(x.data(), onDevice.data(), x.bytes());
                replay.run();
                assertThatThrownBy(cuda::finish)
                        .isInstanceOf(NonFiniteException.class)
                        .hasMessage("h: value -Infinity at row 7, column 4 cannot be quantized");
                cuda.finish();
            }
        }
    }
}
