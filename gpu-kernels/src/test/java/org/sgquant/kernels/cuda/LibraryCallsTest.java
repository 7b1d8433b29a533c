package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sgquant.cuda.CudaException;
import org.sgquant.cuda.LibraryRefusals;
import org.sgquant.kernels.DeviceUnavailableException;
import org.sgquant.kernels.OutOfDeviceMemoryException;

class LibraryCallsTest {

    private static void refuse(int status, String name) {
        LibraryCalls.run(() -> {
            throw LibraryRefusals.of("cusparseSpMM", status, name);
        });
    }

    @Test
    void what_is_not_supported_is_one_sentence_with_a_way_out() {
        assertThatThrownBy(() -> refuse(10, "CUSPARSE_STATUS_NOT_SUPPORTED"))
                .isInstanceOf(DeviceUnavailableException.class)
                .hasMessage("cusparseSpMM: CUSPARSE_STATUS_NOT_SUPPORTED (10): device 0; pass --dense own --sparse own"
                        + " to do without");
        assertThatThrownBy(() -> refuse(15, "CUBLAS_STATUS_NOT_SUPPORTED"))
                .isInstanceOf(DeviceUnavailableException.class);
    }

    @Test
    void too_little_memory_is_told_as_such() {
        for (String name : new String[] {"CUBLAS_STATUS_ALLOC_FAILED", "CUSPARSE_STATUS_INSUFFICIENT_RESOURCES"}) {
            assertThatThrownBy(() -> refuse(2, name))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining(name);
        }
    }

    @Test
    void other_refusals_are_defects_and_stay_what_they_are() {
        assertThatThrownBy(() -> refuse(3, "CUSPARSE_STATUS_INVALID_VALUE")).isInstanceOf(CudaException.class);
    }
}
