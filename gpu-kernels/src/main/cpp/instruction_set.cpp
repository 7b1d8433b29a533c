// Which of the kernels this processor can run.

/** 512 where AVX-512 (F, BW, VL, DQ) can be used, 256 where AVX2, FMA and BMI2 can, else 0. */
extern "C" __attribute__((visibility("default"))) int sgq_vector_bits() {
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !__builtin_cpu_supports("bmi2")) {
        return 0;
    }
    bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
                && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    return wide ? 512 : 256;
}
