#include "tables.h"

// Elsewhere a fused multiply-add would be a call of the C library for every number.
#if defined(__FMA__) || defined(__aarch64__)
#define HAS_FUSED 1
#else
#define HAS_FUSED 0
#endif
#if defined(__F16C__) || defined(__aarch64__)
#define HAS_HALVES 1
#else
#define HAS_HALVES 0
#endif

// A panel is four 128-bit registers; arm64 has 32 of them.
#define TILES(TILE) \
    TILE(1, 4) TILE(1, 2) TILE(1, 1) TILE(2, 2) TILE(2, 1) TILE(4, 1)

enum { ROWS_STEP = 4 };

static inline size_t tile_rows(size_t rows, size_t panels) {
    static const unsigned char steps[ROWS_STEP] = {0, 1, 2, 2};
    (void)panels;
    return rows >= ROWS_STEP ? ROWS_STEP : steps[rows];
}

enum { PRODUCT_PANELS = 1 };

#define PRODUCT_TILES(TILE) TILE(4, 1) TILE(2, 1) TILE(1, 1)

#include "kernels.h"

const staircase_kernels staircase_portable = {.name = "portable", KERNELS};
