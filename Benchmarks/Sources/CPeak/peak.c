#include "CPeak.h"

#include <time.h>

double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Twelve chains: more than latency times throughput of any processor so far, and no more than its registers.
#define DEFINE_CHAINS(NAME, WIDTH, TARGET) \
    TARGET static float NAME(long rounds) { \
        typedef float lanes __attribute__((ext_vector_type(WIDTH))); \
        lanes sums[CHAINS], factor = (lanes)(1 - 0x1p-20f), term = (lanes)(0x1p-20f); \
        for (int i = 0; i < CHAINS; i++) sums[i] = (lanes)(float)i; \
        for (long round = 0; round < rounds; round++) { \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) { \
                sums[i] = __builtin_elementwise_fma(sums[i], factor, term); \
            } \
        } \
        lanes sum = (lanes)(0.0f); \
        for (int i = 0; i < CHAINS; i++) sum += sums[i]; \
        return sum[0]; \
    }

enum { CHAINS = 12 };

#if defined(__x86_64__)
DEFINE_CHAINS(chains16, 16, __attribute__((target("avx512f"))))
DEFINE_CHAINS(chains8, 8, __attribute__((target("avx2,fma"))))
#else
DEFINE_CHAINS(chains4, 4, )
#endif

static double measure(float (*chains)(long rounds), double width) {
    const long rounds = 2000000;
    double start = processor_seconds();
    volatile float sum = chains(rounds);
    (void)sum;
    return width * CHAINS * (double)rounds / (processor_seconds() - start);
}

double peak_multiply_adds_per_second(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") ? measure(chains16, 16) : measure(chains8, 8);
#else
    return measure(chains4, 4);
#endif
}
