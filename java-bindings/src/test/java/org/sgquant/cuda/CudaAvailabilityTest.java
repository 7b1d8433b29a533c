package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CudaAvailabilityTest {

    @ParameterizedTest
    @ValueSource(strings = {"25", "25+36", "25.0.1", "25.0.2+10"})
    void java_that_moves_pinned_arrays_is_refused(String version) {
        assertThat(CudaAvailability.refusal(Runtime.Version.parse(version)))
                .hasValue("JDK " + version + " can move arrays that native code holds (JDK-8377811, fixed in 25.0.3)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"25.0.3", "25.0.3+9", "25.1", "26", "26.0.1"})
    void later_java_is_taken(String version) {
        assertThat(CudaAvailability.refusal(Runtime.Version.parse(version))).isEmpty();
    }

    @Test
    void this_java_is_looked_at() {
        assertThat(CudaAvailability.refusal(Runtime.version()))
                .isEqualTo(CudaAvailability.refusal(
                        Runtime.Version.parse(Runtime.version().toString())));
    }
}
