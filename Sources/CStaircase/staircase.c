#include "CStaircase.h"
#include "tables.h"

const staircase_kernels *staircase_kernels_for(staircase_instruction_set set) {
    switch (set) {
    case STAIRCASE_PORTABLE:
        return &staircase_portable;
#if defined(__x86_64__)
    case STAIRCASE_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") ? &staircase_avx2 : NULL;
    case STAIRCASE_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
                   ? &staircase_avx512
                   : NULL;
#endif
    default:
        return NULL;
    }
}

const staircase_kernels *staircase_kernels_best(void) {
    const staircase_kernels *kernels = staircase_kernels_for(STAIRCASE_AVX512);
    if (!kernels) kernels = staircase_kernels_for(STAIRCASE_AVX2);
    return kernels ? kernels : staircase_kernels_for(STAIRCASE_PORTABLE);
}
