package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class PtxCompilerTest {

    /** out[0] = value. */
    private static final String KERNEL = """
            .version 8.0
            .target sm_75
            .address_size 64
            .visible .entry store(.param .u64 out, .param .f32 value)
            {
              .reg .f32 %f<2>;
              .reg .b64 %rd<3>;
              ld.param.u64 %rd1, [out];
              ld.param.f32 %f1, [value];
              cvta.to.global.u64 %rd2, %rd1;
              st.global.f32 [%rd2], %f1;
              ret;
            }
            """;

    @ParameterizedTest
    @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90"})
    void assembles_for_every_architecture_of_its_time(String architecture) {
        String notes = PtxCompiler.assemble(bytes(KERNEL), architecture);
        assertThat(notes).contains("store", architecture, "registers");
    }

    @Test
    void names_the_line_that_it_refuses() {
        String wrong = KERNEL.replace("st.global.f32", "st.global.f33");
        assertThatThrownBy(() -> PtxCompiler.assemble(bytes(wrong), "sm_90"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sm_90")
                .hasMessageContaining("line 11");
    }

    @Test
    void refuses_a_version_later_than_its_own() {
        assertThatThrownBy(() -> PtxCompiler.assemble(bytes(KERNEL.replace("8.0", "9.0")), "sm_90"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("9.0");
    }

    @Test
    void refuses_an_architecture_that_does_not_exist() {
        assertThatThrownBy(() -> PtxCompiler.assemble(bytes(KERNEL), "sm_3"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sm_3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", ".version 8.0\n", ".version x\n.target y\n", "nonsense\n" + KERNEL})
    void refuses_what_does_not_begin_as_ptx_and_lives(String text) {
        assertThatThrownBy(() -> PtxCompiler.assemble(bytes(text), "sm_90"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("PTX must begin with .version and .target, got " + firstLine(text));
    }

    @Test
    void comments_may_come_first() {
        String text = "// made by hand\n/* over\n two lines */\n" + KERNEL.replace(".target", "// and here\n.target");
        assertThat(PtxCompiler.assemble(bytes(text), "sm_90")).contains("store");
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
