// Products of matrices, for training: every weight there changes with every step, so none is worth packing for longer.

#ifndef MADE_PRODUCT_H
#define MADE_PRODUCT_H

#include "lanes.h"

// What of b one strip of columns needs for a piece of the depth stays in the first-level cache, packed, while a block of rows
// goes by, whose part of a stays in the second-level cache. `PRODUCT_TILES` lists the tiles of rows times panels of 16 columns
// whose sums stay in registers, those of more rows first; strips are packed `PRODUCT_PANELS` panels side by side.
enum { PIECE_DEPTH = 256, BLOCK_ROWS = 264 };

#define PRODUCT_STRIP STAIRCASE_STRIP

// Pairs of neighbours of the 4 x 4 squares on the diagonals of a 16 x 16 one: the two steps that transpose these.
#define FIRST_PAIRS(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define SECOND_PAIRS(a, b) __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define FIRST_HALVES(a, b) __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define SECOND_HALVES(a, b) __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
// Every other square of a row of four, of two rows.
#define EVEN_SQUARES(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD_SQUARES(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)

// to[k * PRODUCT_STRIP + i] = from[i * stride + k] for sixteen i and k.
INLINE void transpose_square(const float *from, size_t stride, float *to) {
    lanes line[16], part[16];
    UNROLLED for (size_t i = 0; i < 16; i++) line[i] = load(from + i * stride);
    UNROLLED for (size_t i = 0; i < 16; i += 2) {
        part[i] = FIRST_PAIRS(line[i], line[i + 1]);
        part[i + 1] = SECOND_PAIRS(line[i], line[i + 1]);
    }
    UNROLLED for (size_t i = 0; i < 16; i += 4) {
        line[i] = FIRST_HALVES(part[i], part[i + 2]);
        line[i + 1] = SECOND_HALVES(part[i], part[i + 2]);
        line[i + 2] = FIRST_HALVES(part[i + 1], part[i + 3]);
        line[i + 3] = SECOND_HALVES(part[i + 1], part[i + 3]);
    }
    UNROLLED for (size_t i = 0; i < 4; i++) {
        const lanes even_low = EVEN_SQUARES(line[i], line[4 + i]), even_high = EVEN_SQUARES(line[8 + i], line[12 + i]);
        const lanes odd_low = ODD_SQUARES(line[i], line[4 + i]), odd_high = ODD_SQUARES(line[8 + i], line[12 + i]);
        store(to + i * PRODUCT_STRIP, EVEN_SQUARES(even_low, even_high));
        store(to + (4 + i) * PRODUCT_STRIP, EVEN_SQUARES(odd_low, odd_high));
        store(to + (8 + i) * PRODUCT_STRIP, ODD_SQUARES(even_low, even_high));
        store(to + (12 + i) * PRODUCT_STRIP, ODD_SQUARES(odd_low, odd_high));
    }
}

// A strip's `columns` for `depth` of b, zeros beyond: packed[k * PRODUCT_STRIP + column] = b[k, column].
INLINE void pack_strip(
    const float *b, size_t depth_stride, size_t column_stride, size_t depth, size_t columns, float *packed) {
    const bool is_row_major = column_stride == 1;
    for (size_t first = 0; first < PRODUCT_STRIP; first += 16) {
        const size_t some = columns < first ? 0 : columns - first < 16 ? columns - first : 16;
        const float *from = b + first * column_stride;
        float *to = packed + first;
        size_t k = 0;
        if (some == 16 && is_row_major) {
            for (; k < depth; k++) store(to + k * PRODUCT_STRIP, load(from + k * depth_stride));
        } else if (some == 16 && depth_stride == 1) {
            for (; k + 16 <= depth; k += 16) transpose_square(from + k, column_stride, to + k * PRODUCT_STRIP);
        }
        for (; k < depth; k++) {
            for (size_t i = 0; i < 16; i++) {
                to[k * PRODUCT_STRIP + i] = i < some ? from[k * depth_stride + i * column_stride] : 0;
            }
        }
    }
}

typedef struct {
    // a[row, k] at a[row * row_stride + k * depth_stride], one of which is 1.
    const float *a;
    size_t row_stride;
    size_t depth_stride;
    size_t depth;
    const float *packed;
    float *c;
    size_t c_stride;
    // Up to the tile's.
    size_t columns;
    bool adds;
} product_work;

INLINE void product_tile(
    const size_t rows, const size_t panels, const bool are_rows_neighbours, const product_work *work) {
    lanes sums[rows][panels];
    UNROLLED for (size_t row = 0; row < rows; row++) {
        UNROLLED for (size_t panel = 0; panel < panels; panel++) sums[row][panel] = splat(0);
    }
    const float *a = work->a;
    const size_t stride = are_rows_neighbours ? work->depth_stride : work->row_stride;
    const size_t depth = work->depth;
    for (size_t k = 0; k < depth; k++) {
        lanes b[panels];
        UNROLLED for (size_t panel = 0; panel < panels; panel++) {
            b[panel] = load(work->packed + k * PRODUCT_STRIP + panel * 16);
        }
        UNROLLED for (size_t row = 0; row < rows; row++) {
            const lanes value = splat(are_rows_neighbours ? a[row] : a[row * stride]);
            UNROLLED for (size_t panel = 0; panel < panels; panel++) {
                sums[row][panel] = fused(value, b[panel], sums[row][panel]);
            }
        }
        a += are_rows_neighbours ? stride : 1;
    }
    UNROLLED for (size_t row = 0; row < rows; row++) {
        UNROLLED for (size_t panel = 0; panel < panels; panel++) {
            float *to = work->c + row * work->c_stride + panel * 16;
            const lanes sum = sums[row][panel];
            if (work->columns >= panel * 16 + 16) {
                store(to, work->adds ? load(to) + sum : sum);
                continue;
            }
            float some[16];
            store(some, sum);
            for (size_t i = 0; panel * 16 + i < work->columns; i++) to[i] = work->adds ? to[i] + some[i] : some[i];
        }
    }
}

// Each in a function of its own, as those of `multiply.h`.
#define DEFINE_PRODUCT_TILE(ROWS, PANELS) \
    __attribute__((noinline)) static void product_tile_##ROWS##_##PANELS(const product_work *work) { \
        product_tile(ROWS, PANELS, false, work); \
    } \
    __attribute__((noinline)) static void product_tile_##ROWS##_##PANELS##_transposed(const product_work *work) { \
        product_tile(ROWS, PANELS, true, work); \
    }
PRODUCT_TILES(DEFINE_PRODUCT_TILE)

// The rows of a block times a packed strip's panels from `panel` on.
INLINE void product_panels(product_work work, size_t rows, size_t panels) {
    while (rows > 0) {
        size_t step = 0;
#define RUN_PRODUCT_TILE(ROWS, PANELS) \
    if (step == 0 && panels == PANELS && rows >= ROWS) { \
        step = ROWS; \
        if (work.row_stride == 1) product_tile_##ROWS##_##PANELS##_transposed(&work); \
        else product_tile_##ROWS##_##PANELS(&work); \
    }
        PRODUCT_TILES(RUN_PRODUCT_TILE)
        rows -= step;
        work.a += step * work.row_stride;
        work.c += step * work.c_stride;
    }
}

static size_t smaller(size_t first, size_t second) { return first < second ? first : second; }
static size_t larger(size_t first, size_t second) { return first > second ? first : second; }

// A block of rows times a piece of the depth, strip by strip.
INLINE void product_block(const staircase_product *product, size_t block, size_t piece) {
    float packed[PIECE_DEPTH * PRODUCT_STRIP] __attribute__((aligned(64)));
    for (size_t strip = 0; strip * PRODUCT_STRIP < product->columns; strip++) {
        const staircase_strip whole = {0, 0, product->depth};
        const staircase_strip bounds = product->strips ? product->strips[strip] : whole;
        const size_t first_row = larger(block, bounds.first_row);
        const size_t end_row = smaller(block + BLOCK_ROWS, product->rows);
        const size_t start = larger(piece, bounds.first_depth);
        const size_t end = smaller(smaller(piece + PIECE_DEPTH, product->depth), bounds.end_depth);
        if (first_row >= end_row || start >= end) continue;
        const size_t column = strip * PRODUCT_STRIP;
        const size_t columns = smaller(PRODUCT_STRIP, product->columns - column);
        pack_strip(
            product->b + start * product->b_depth_stride + column * product->b_column_stride, product->b_depth_stride,
            product->b_column_stride, end - start, columns, packed);
        for (size_t panel = 0; panel * 16 < columns; panel += PRODUCT_PANELS) {
            const product_work work = {
                .a = product->a + first_row * product->a_row_stride + start * product->a_depth_stride,
                .row_stride = product->a_row_stride,
                .depth_stride = product->a_depth_stride,
                .depth = end - start,
                .packed = packed + panel * 16,
                .c = product->c + first_row * product->c_stride + column + panel * 16,
                .c_stride = product->c_stride,
                .columns = columns - panel * 16,
                .adds = product->adds || piece > 0,
            };
            product_panels(work, end_row - first_row, work.columns > 16 ? PRODUCT_PANELS : 1);
        }
    }
}

__attribute__((noinline)) static void multiply_matrices(const staircase_product *product) {
    for (size_t block = 0; block < product->rows; block += BLOCK_ROWS) {
        for (size_t piece = 0; piece < product->depth; piece += PIECE_DEPTH) product_block(product, block, piece);
    }
}

#endif
