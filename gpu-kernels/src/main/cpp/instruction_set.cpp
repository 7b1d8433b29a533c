// Which of the kernels this processor can run.

/** 512 where all that x86-64-v4 asks for (AVX-512) can be used, 256 where x86-64-v3 (AVX2, FMA) can, else 0. */
extern "C" __attribute__((visibility("default"))) int sgq_vector_bits() {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) {
        return 512;
    }
    return __builtin_cpu_supports("x86-64-v3") ? 256 : 0;
}
