package org.sgquant.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.kernels.Exp;
import org.sgquant.tensor.NativeProgram;

/** The one exponential of the project: against {@link Math#exp}, and the same bits in its three versions. */
class ExpTest {

    /** A prime number of bit patterns from one sample to the next: two million samples of every sign and exponent. */
    private static final int STEP = 2003;

    private static final float[] EDGES = {
        0,
        -0f,
        1,
        -1,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Exp.LEAST,
        Exp.MOST,
        Math.nextDown(Exp.LEAST),
        Math.nextUp(Exp.MOST),
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        0.3466f
    };

    private static final String DEVICE = """
            #pragma once
            #include <math.h>
            #include <string.h>
            #define __device__
            #define __forceinline__ inline
            inline int __float_as_int(float x) { int i; memcpy(&i, &x, 4); return i; }
            inline float __int_as_float(int i) { float x; memcpy(&x, &i, 4); return x; }
            """;

    /** Prints a checksum over the bits of every sample, NaN in one form, and then those of the edges. */
    private static final String PROGRAM = """
            #include "exp.cuh"
            #include <stdio.h>
            #include <stdlib.h>

            static unsigned bits(int pattern) {
              float e = sgq_exp(__int_as_float(pattern));
              return e != e ? 0x7fc00000u : (unsigned)__float_as_int(e);
            }

            int main(int argc, char **argv) {
              unsigned hash = 0;
              for (long long i = 0; i < 1LL << 32; i += atoi(argv[1])) hash = hash * 31 + bits((int)i);
              printf("%u\\n", hash);
              for (int a = 2; a < argc; a++) printf("%u\\n", bits((int)strtol(argv[a], nullptr, 10)));
              return 0;
            }
            """;

    @Test
    void is_within_nine_tenths_of_an_ulp() {
        double worst = 0;
        for (long i = 0; i < 1L << 32; i += STEP) {
            float x = Float.intBitsToFloat((int) i);
            if (x >= Exp.LEAST && x <= Exp.MOST) {
                double exact = Math.exp(x);
                worst = Math.max(worst, Math.abs(Exp.exp(x) - exact) / Math.ulp((float) exact));
            }
        }
        assertThat(worst).isBetween(0.5, 0.9);
    }

    @Test
    void ends_of_the_range() {
        assertThat(Exp.exp(0)).isEqualTo(1);
        assertThat(Exp.exp(-0f)).isEqualTo(1);
        assertThat(Exp.exp(Exp.LEAST)).isEqualTo(1.6458115E-38f);
        assertThat(Exp.exp(Math.nextDown(Exp.LEAST))).isZero();
        assertThat(Exp.exp(Exp.MOST)).isBetween(3.32e38f, 3.33e38f);
        assertThat(Exp.exp(Math.nextUp(Exp.MOST))).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Exp.exp(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(Exp.exp(Float.NaN)).isNaN();
    }

    @Test
    void vectors_have_the_bits_of_the_scalar() {
        float[] x = new float[Vectors.LANES];
        for (long i = 0; i < 1L << 32; i += (long) STEP * Vectors.LANES) {
            for (int k = 0; k < x.length; k++) {
                x[k] = Float.intBitsToFloat((int) (i + (long) STEP * k));
            }
            assertLanes(x);
        }
        for (float edge : EDGES) {
            Arrays.fill(x, 1);
            x[0] = edge;
            assertLanes(x);
        }
    }

    private static void assertLanes(float[] x) {
        float[] e = ExpLanes.exp(FloatVector.fromArray(Vectors.FLOATS, x, 0)).toArray();
        for (int k = 0; k < x.length; k++) {
            if (Float.floatToIntBits(e[k]) != Float.floatToIntBits(Exp.exp(x[k]))) {
                assertThat(e[k]).as("e^%s", x[k]).isEqualTo(Exp.exp(x[k]));
            }
        }
    }

    @Test
    void the_header_has_the_bits_of_the_class(@TempDir Path folder) throws Exception {
        write(folder.resolve("exp.cuh"));
        Files.createDirectories(folder.resolve("sgq"));
        Files.writeString(folder.resolve("sgq/device.cuh"), DEVICE);
        Files.writeString(folder.resolve("exp.cpp"), PROGRAM);
        String[] compile = {
            NativeProgram.compiler("c++", "g++"),
            "-std=c++20",
            "-O2",
            "-march=native",
            "-ffp-contract=off",
            "-I.",
            "-o",
            "exp",
            "exp.cpp"
        };
        NativeProgram.run(folder, compile);
        String[] command = new String[EDGES.length + 2];
        command[0] = "./exp";
        command[1] = Integer.toString(STEP);
        StringBuilder expected = new StringBuilder();
        int hash = 0;
        for (long i = 0; i < 1L << 32; i += STEP) {
            hash = hash * 31 + Float.floatToIntBits(Exp.exp(Float.intBitsToFloat((int) i)));
        }
        expected.append(Integer.toUnsignedString(hash)).append('\n');
        for (int k = 0; k < EDGES.length; k++) {
            command[k + 2] = Integer.toString(Float.floatToRawIntBits(EDGES[k]));
            expected.append(Integer.toUnsignedString(Float.floatToIntBits(Exp.exp(EDGES[k]))))
                    .append('\n');
        }
        assertThat(NativeProgram.run(folder, command)).isEqualTo(expected.toString());
    }

    private static void write(Path file) throws IOException {
        try (InputStream header = Exp.class.getResourceAsStream("/org/sgquant/cuda/include/sgq/exp.cuh")) {
            Files.copy(header, file);
        }
    }
}
