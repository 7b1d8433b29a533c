package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class KernelResourcesTest {

    @Test
    void the_list_and_the_images_speak_of_the_same_kernels() {
        String list = text("kernels.list");
        String ptx = new String(KernelResources.readCompressed("sgquant.ptx.gz"), StandardCharsets.UTF_8);
        assertThat(list).contains("\n" + Kernels.FILL + " ");
        assertThat(ptx).contains(".entry " + Kernels.FILL + "(");
        assertThat(KernelResources.read("sgquant.fatbin")).isNotEmpty();
    }

    @Test
    void a_missing_file_is_named() {
        assertThatThrownBy(() -> KernelResources.read("absent"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the cuda module lacks /org/sgquant/cuda/absent");
    }

    private static String text(String name) {
        return new String(KernelResources.read(name), StandardCharsets.UTF_8);
    }
}
