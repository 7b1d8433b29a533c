package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sgquant.cuda.KernelResources;
import org.sgquant.kernels.cuda.KernelDeclaration.Argument;

/** kernels.list says of every kernel what the compiled image says. */
class KernelListTest {

    private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(([^)]*)\\)");
    private static final Pattern PARAMETER =
            Pattern.compile("\\.param (?:\\.align \\d+ )?\\.(\\w+)[^\\[,]*(?:\\[(\\d+)])?");

    @Test
    void every_kernel_of_the_ptx_is_listed_with_its_parameters() {
        Map<String, List<Integer>> compiled = new TreeMap<>();
        Matcher entry = ENTRY.matcher(new String(KernelList.ptx(), StandardCharsets.UTF_8));
        while (entry.find()) {
            compiled.put(entry.group(1), parameterBytes(entry.group(2)));
        }
        Map<String, List<Integer>> listed = new TreeMap<>();
        for (KernelDeclaration kernel : KernelList.load().all()) {
            listed.put(
                    kernel.name(),
                    kernel.arguments().stream()
                            .map(Argument::kind)
                            .map(k -> k.bytes())
                            .toList());
        }
        assertThat(listed).isNotEmpty().isEqualTo(compiled);
    }

    private static List<Integer> parameterBytes(String parameters) {
        List<Integer> bytes = new ArrayList<>();
        Matcher parameter = PARAMETER.matcher(parameters);
        while (parameter.find()) {
            int bits = Integer.parseInt(parameter.group(1).substring(1));
            int count = parameter.group(2) == null ? 1 : Integer.parseInt(parameter.group(2));
            bytes.add(bits / 8 * count);
        }
        return bytes;
    }

    @Test
    void images_are_small_and_kernels_few() {
        assertThat(KernelList.load().all()).hasSizeLessThanOrEqualTo(150);
        // As the repository and the jar hold them.
        int committed = KernelResources.read("sgquant.fatbin").length + KernelResources.read("sgquant.ptx.gz").length;
        assertThat(committed).isLessThanOrEqualTo(3 << 20);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "k a.cu 256 64 75 0 a:p|got 7 fields, expected 8",
                "k a.cu 256 64 75 0 a 4*n|argument 'a' must be name:type",
                "k a.cu 256 64 75 0 a:x 4*n|argument type 'x' does not exist: choose p, i, l, f, d, packed, weights",
            })
    void a_line_that_is_wrong_is_named(String line, String reason) {
        assertThatThrownBy(() -> KernelList.of("# comment\n\n" + line))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("kernels.list, line 3: " + reason);
    }

    @Test
    void a_kernel_listed_twice_is_refused() {
        String line = "k a.cu 256 64 75 0 a:p,n:l 4*n\n";
        assertThat(KernelList.of(line).get("k").arguments()).hasSize(2);
        assertThatThrownBy(() -> KernelList.of(line + line))
                .hasMessage("kernels.list, line 2: kernel k is listed twice");
        assertThatThrownBy(() -> KernelList.of(line).get("other")).hasMessage("kernel 'other' is not in kernels.list");
    }
}
