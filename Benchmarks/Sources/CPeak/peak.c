#include "CPeak.h"

// Enough independent chains to hide the latency of two multipliers, few enough to stay in 16 registers.
enum { CHAINS = 12, STEPS = 64 };

// Chains that converge to 1: neither overflow nor denormal numbers slow them down.
#define DEFINE_PEAK(NAME, ATTRIBUTE, LANES) \
    ATTRIBUTE static float NAME(uint64_t turns) { \
        typedef float lanes __attribute__((vector_size(LANES * sizeof(float)))); \
        lanes sums[CHAINS], factor = (lanes){} + 0.999f, term = (lanes){} + 0.001f; \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) sums[i] = (lanes){} + (float)i; \
        for (uint64_t turn = 0; turn < turns; turn++) { \
            _Pragma("clang loop unroll(disable)") for (int step = 0; step < STEPS; step++) { \
                _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) { \
                    sums[i] = __builtin_elementwise_fma(sums[i], factor, term); \
                } \
            } \
        } \
        float result = 0; \
        for (int i = 0; i < CHAINS; i++) result += sums[i][0]; \
        return result; \
    }

typedef struct {
    float (*run)(uint64_t turns);
    uint64_t lanes;
} peak;

#if defined(__x86_64__)
DEFINE_PEAK(run_avx512, __attribute__((target("avx512f,fma"))), 16)
DEFINE_PEAK(run_avx2, __attribute__((target("avx2,fma"))), 8)
DEFINE_PEAK(run_sse2, , 4)

static peak best(void) {
    if (__builtin_cpu_supports("avx512f")) return (peak){run_avx512, 16};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return (peak){run_avx2, 8};
    return (peak){run_sse2, 4};
}
#else
DEFINE_PEAK(run_portable, , 4)

static peak best(void) { return (peak){run_portable, 4}; }
#endif

uint64_t peak_multiplications(void) { return best().lanes * CHAINS * STEPS; }

float peak_run(uint64_t turns) { return best().run(turns); }
