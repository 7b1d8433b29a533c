package org.sgquant.cuda.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LibraryTestsTest {

    @Test
    void tests_of_libraries_that_are_not_found_are_skipped_or_fail_as_asked() {
        assertThat(LibraryTests.decide("", true).isDisabled()).isFalse();
        assertThat(LibraryTests.decide("cuBLAS", false).isDisabled()).isTrue();
        assertThatThrownBy(() -> LibraryTests.decide("cuBLAS", true))
                .hasMessage("CUDA's libraries are required by -Dsgquant.tests.requireLibraries: cuBLAS");
    }
}
