#if defined(__x86_64__)
#include "tables.h"

// No feature macro is set by a target attribute.
#define HAS_FUSED 1
#define HAS_HALVES 1
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,popcnt"))), apply_to = function)

// A panel is two of the 16 registers; at most 12 are sums.
#define TILES(TILE) \
    TILE(1, 4) TILE(1, 2) TILE(1, 1) TILE(2, 3) TILE(2, 1) TILE(4, 1) TILE(6, 1)

enum { ROWS_STEP = 6 };

static inline size_t tile_rows(size_t rows, size_t panels) {
    static const unsigned char steps[ROWS_STEP] = {0, 1, 2, 2, 4, 4};
    (void)panels;
    return rows >= ROWS_STEP ? ROWS_STEP : steps[rows];
}

// A strip is one panel at a time, with 12 registers for sums.
enum { PRODUCT_PANELS = 1 };

#define PRODUCT_TILES(TILE) TILE(6, 1) TILE(4, 1) TILE(2, 1) TILE(1, 1)

#include "kernels.h"

const staircase_kernels staircase_avx2 = {.name = "avx2", KERNELS};

#pragma clang attribute pop
#else
typedef int no_avx2_here;
#endif
