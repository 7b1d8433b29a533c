package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KernelImagesTest {

    private static final KernelImages IMAGES = new KernelImages(2, new TreeSet<>(List.of(75, 80, 90)), 75, "8.0");

    @Test
    void those_shipped_serve_every_device_from_their_oldest_on() {
        KernelImages images = KernelImages.load();
        assertThat(images.kernels()).isEqualTo(KernelList.load().all().size()).isPositive();
        assertThat(images.architectures()).isNotEmpty().first().isEqualTo(images.ptxTarget());
        assertThat(images.ptxVersion()).isEqualTo("8.0");
        for (int architecture : images.architectures()) {
            assertThat(images.choose(architecture, 13000).sentence())
                    .isEqualTo("sm_" + architecture + " takes the machine code of sm_" + architecture);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "90; 13000; true; sm_90 takes the machine code of sm_90",
                "89; 13010; true; sm_89 takes the machine code of sm_80",
                "90; 12060; true; sm_90 takes the PTX, which the driver compiles: the machine code is for drivers of"
                        + " CUDA 13 and later",
                "103; 13000; true; sm_103 takes the PTX, which the driver compiles: there is no machine code for it",
                "103; 12060; true; sm_103 takes the PTX, which the driver compiles: there is no machine code for it",
                "90; 12000; true; sm_90 takes the PTX, which the driver compiles: the machine code is for drivers of"
                        + " CUDA 13 and later",
                "90; 11080; false; the driver is older than CUDA 12.0, which the PTX needs",
                "103; 11080; false; the driver is older than CUDA 12.0, which the PTX needs",
                "90; 0; true; sm_90 takes the PTX, which the driver compiles: the machine code is for drivers of"
                        + " CUDA 13 and later",
                "70; 11080; false; sm_70 is older than all kernels, which begin at sm_75",
                "70; 13000; false; sm_70 is older than all kernels, which begin at sm_75"
            })
    void a_device_takes_machine_code_where_it_may(int device, int driver, boolean usable, String sentence) {
        assertThat(IMAGES.choose(device, driver)).isEqualTo(new KernelImages.Choice(usable, sentence));
    }
}
