package org.sgquant.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.CudaProbe;
import org.sgquant.cuda.testing.OnDevice;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.nd4j.CudaSuitability.Device;

class CudaSuitabilityTest {

    private static final String WAY_OUT =
            "; choose --dense own, or nd4j on the CPU (build with mvn -Pnd4j instead of -Pnd4j-cuda)";

    @ParameterizedTest
    @ValueSource(ints = {37, 61, 75, 80, 86, 89})
    void devices_up_to_8_x_are_taken(int capability) {
        assertThat(CudaSuitability.refusal("", List.of(new Device("any", capability))))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {35, 90, 100, 120})
    void others_are_refused_by_name(int capability) {
        assertThat(CudaSuitability.refusal("", List.of(new Device("old", 80), new Device("other", capability))))
                .contains("device 1 \"other\" is sm_" + capability
                        + ", for which ND4J built with CUDA 11.6 has no code (sm_37 to sm_89)");
    }

    @Test
    void no_device_is_told_with_the_reason_of_the_probe() {
        assertThat(CudaSuitability.refusal("no driver", List.of())).contains("no driver");
    }

    @Test
    void without_a_device_one_sentence_says_so_and_the_way_out() {
        CudaProbe probe = CudaProbe.probe();
        assumeFalse(probe.isAvailable(), "there is a CUDA device");
        assertThatThrownBy(CudaSuitability::require)
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage("nd4j-cuda cannot be used: " + probe.reason() + WAY_OUT);
    }

    @Test
    @OnDevice
    void a_device_of_9_x_is_refused_before_nd4j_is_touched() {
        String name;
        int capability;
        try (CudaDevice device = CudaDevice.open(0)) {
            name = device.name();
            capability = device.computeCapability();
        }
        assumeTrue(capability >= 90, "ND4J has code for this device");
        assertThatThrownBy(CudaSuitability::require)
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage("nd4j-cuda cannot be used: device 0 \"" + name + "\" is sm_" + capability
                        + ", for which ND4J built with CUDA 11.6 has no code (sm_37 to sm_89)" + WAY_OUT);
    }
}
