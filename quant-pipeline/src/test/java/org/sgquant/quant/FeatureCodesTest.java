package org.sgquant.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.cpu.CpuBackend;
import org.sgquant.quant.QuantizedCells.Quantized;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Memory;
import org.sgquant.tensor.PackedTensor;

class FeatureCodesTest {

    private final Backend backend = new CpuBackend(1);
    private long heldMeanwhile;

    @AfterEach
    void close() {
        backend.close();
    }

    private static FeatureCodes.Key key(int bits) {
        return new FeatureCodes.Key(DegreeBuckets.NONE, List.of(BitWidth.of(bits)), false, QuantConfig.DEFAULT);
    }

    /** Features of {@code bytes}, which are never read. */
    private Quantized<PackedTensor> get(FeatureCodes codes, int bits, long bytes) {
        return codes.get(key(bits), (packed, fake) -> {
            heldMeanwhile = codes.bytes();
            fake.allocate(bytes);
            return new Quantized<>(null, null);
        });
    }

    @Test
    void roomIsMadeBeforeOthersAreQuantized() {
        try (FeatureCodes codes = new FeatureCodes(backend, 2 * 640)) {
            Quantized<PackedTensor> first = get(codes, 1, 640);
            get(codes, 2, 640);
            assertThat(get(codes, 1, 640)).isSameAs(first);
            get(codes, 3, 640);
            assertThat(heldMeanwhile).isEqualTo(640);
            assertThat(codes.bytes()).isEqualTo(2 * 640);
            assertThat(get(codes, 1, 640)).isSameAs(first);
        }
    }

    @Test
    void featuresLargerThanTheBoundAreHeldAlone() {
        try (FeatureCodes codes = new FeatureCodes(backend, 640)) {
            get(codes, 1, 1280);
            get(codes, 2, 1280);
            assertThat(heldMeanwhile).isZero();
            assertThat(codes.bytes()).isEqualTo(1280);
        }
    }

    @Test
    void whatCannotBeQuantizedLeavesNoMemory() {
        List<Memory> made = new ArrayList<>();
        try (FeatureCodes codes = new FeatureCodes(backend, 640)) {
            assertThatThrownBy(() -> codes.get(key(1), (packed, fake) -> {
                        made.addAll(List.of(packed, fake));
                        throw new IllegalArgumentException("no features");
                    }))
                    .hasMessage("no features");
            assertThat(codes.bytes()).isZero();
            assertThat(made)
                    .hasSize(2)
                    .allSatisfy(memory ->
                            assertThatThrownBy(() -> memory.allocate(1)).isInstanceOf(IllegalStateException.class));
        }
    }
}
