#if defined(__x86_64__)
#include "tables.h"

#include <immintrin.h>

// No feature macro is set by a target attribute.
#define HAS_FUSED 1
#define HAS_HALVES 1
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c,popcnt"))), apply_to = function)

#define HAS_STORE_PLACES 1
static inline size_t store_places(uint32_t *to, uint32_t mask, uint32_t first) {
    const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i shifted = _mm512_add_epi32(places, _mm512_set1_epi32((int)first));
    // In a register, then stored: a store that compresses is microcode on some processors.
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)mask, shifted));
    return (size_t)__builtin_popcount(mask);
}

// 24 of 32 registers are sums.
#define TILES(TILE) \
    TILE(1, 8) TILE(1, 4) TILE(1, 2) TILE(1, 1) TILE(2, 8) TILE(2, 4) TILE(2, 2) TILE(2, 1) TILE(3, 8) \
    TILE(3, 4) TILE(3, 2) TILE(3, 1) TILE(4, 4) TILE(4, 2) TILE(4, 1) TILE(6, 4) TILE(6, 2) TILE(6, 1) \
    TILE(8, 3) TILE(8, 2) TILE(8, 1) TILE(12, 2) TILE(12, 1) TILE(16, 1) TILE(24, 1)

enum { ROWS_STEP = 12 };

static inline size_t tile_rows(size_t rows, size_t panels) {
    static const unsigned char steps[ROWS_STEP] = {0, 1, 2, 3, 4, 3, 6, 4, 8, 6, 6, 8};
    // A single panel has registers for more rows.
    if (panels == 1 && rows >= 16) return rows >= 24 ? 24 : 16;
    return rows >= ROWS_STEP ? ROWS_STEP : steps[rows];
}

// The same for products of matrices.
enum { PRODUCT_PANELS = 2 };

#define PRODUCT_TILES(TILE) \
    TILE(12, 2) TILE(8, 2) TILE(4, 2) TILE(2, 2) TILE(1, 2) TILE(24, 1) TILE(16, 1) TILE(8, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)

#include "kernels.h"

const staircase_kernels staircase_avx512 = {.name = "avx512", KERNELS};

#pragma clang attribute pop
#else
typedef int no_avx512_here;
#endif
