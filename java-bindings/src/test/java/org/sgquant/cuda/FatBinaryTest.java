package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FatBinaryTest {

    private static final byte[] IMAGE = KernelResources.read("sgquant.fatbin");

    @Test
    void our_image_has_what_the_build_names() throws Exception {
        Matcher built = Pattern.compile("(?m)^archs=\\(([0-9 ]+)\\)")
                .matcher(Files.readString(Path.of("..", "cuda", "build-kernels")));
        assertThat(built.find()).isTrue();
        assertThat(FatBinary.architectures(IMAGE))
                .isEqualTo(Stream.of(built.group(1).split(" "))
                        .map(Integer::valueOf)
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 31, 47, 48, 1000})
    void an_image_that_is_cut_off_is_refused(int length) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FatBinary.architectures(Arrays.copyOf(IMAGE, length)))
                .withMessageStartingWith("this is no whole fat binary: it ");
    }

    /** Every byte of the headers wrong in turn: a refusal or other figures, never another failure and never no end. */
    @Test
    void a_damaged_header_is_refused_or_read() {
        for (int position = 0; position < 80; position++) {
            for (int value : new int[] {0, 1, 0x7f, 0x80, 0xff}) {
                byte[] damaged = IMAGE.clone();
                damaged[position] = (byte) value;
                try {
                    assertThat(FatBinary.architectures(damaged)).hasSizeLessThanOrEqualTo(IMAGE.length);
                } catch (IllegalArgumentException e) {
                    assertThat(e).hasMessageStartingWith("this is no whole fat binary: ");
                }
            }
        }
    }

    @Test
    void a_text_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> FatBinary.architectures(KernelResources.read("kernels.list")))
                .withMessage("this is no whole fat binary: it does not begin as one");
    }

    @ParameterizedTest
    @CsvSource({"80,80,true", "80,86,true", "86,80,false", "80,90,false", "120,121,true", "75,80,false"})
    void machine_code_runs_on_its_own_major_version(int architecture, int device, boolean runs) {
        assertThat(FatBinary.runsOn(architecture, device)).isEqualTo(runs);
    }
}
