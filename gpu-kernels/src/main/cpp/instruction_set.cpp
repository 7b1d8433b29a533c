// Which of the kernels this processor can run.

/** 1 where what x86-64-v3 asks for (AVX2, FMA) can be used, 2 where x86-64-v4 (AVX-512) can, 3 where VNNI as well, else 0. */
extern "C" __attribute__((visibility("default"))) int sgq_instruction_set() {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("x86-64-v4")) {
        return __builtin_cpu_supports("avx512vnni") ? 3 : 2;
    }
    return __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
}
