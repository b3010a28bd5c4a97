// The product with a staircase, by tiles of some rows times some panels that stay in registers.
//
// The file that includes this says which tiles its registers hold: `TILES(TILE)` lists (rows, panels) pairs, for each number
// of rows down to one panel, and `tile_rows` picks the rows of the next tile, from the rows and panels that are left; those
// from `ROWS_STEP` on are repeated. Few rows take many panels: the chains of one row's outputs are what runs in parallel when
// rows do not.

#ifndef MADE_MULTIPLY_H
#define MADE_MULTIPLY_H

#include "lanes.h"

// Floats of a layer that are taken not to stay in the second-level cache: 1 MiB of them.
enum { STREAMED = 256 * 1024 };

enum { ROWS_MAX = 24, PANELS_MAX = 8 };

typedef struct {
    const float *x;
    size_t x_stride;
    float *y;
    size_t y_stride;
    // NULL: go on from y.
    const float *bias;
    const float *weights[PANELS_MAX];
    // Where each panel's inputs end, ascending.
    size_t ends[PANELS_MAX];
    size_t first_input;
    // The weights come from beyond the second-level cache.
    bool is_streamed;
    bool is_clamped;
    float floor;
    float ceiling;
} tile_work;

#define UNROLLED _Pragma("clang loop unroll(full)")

// Floats of a panel that a tile of few rows asks for ahead of their use: the processor's own guesses come too late.
enum { AHEAD = 128 };

// `rows` and `panels` are constants where this is inlined, so that `sums` becomes registers.
INLINE void tile(const size_t rows, const size_t panels, const bool is_streamed, const tile_work *work) {
    lanes sums[ROWS_MAX][PANELS_MAX];
    const size_t x_stride = work->x_stride, y_stride = work->y_stride;
    UNROLLED for (size_t row = 0; row < rows; row++) {
        UNROLLED for (size_t panel = 0; panel < panels; panel++) {
            const float *start = work->bias ? work->bias + panel * 16 : work->y + row * y_stride + panel * 16;
            sums[row][panel] = load(start);
        }
    }
    size_t input = work->first_input;
    const float *x = work->x + input;
    // Panels stop one after the other; from each stop on, the loop has one panel less.
    UNROLLED for (size_t stopping = 0; stopping < panels; stopping++) {
        for (; input < work->ends[stopping]; input++, x++) {
            if (rows <= 3) {
                // The rows' values wait in registers while the weights, each used at once, come by.
                lanes values[3];
                UNROLLED for (size_t row = 0; row < rows; row++) values[row] = splat(x[row * x_stride]);
                UNROLLED for (size_t panel = stopping; panel < panels; panel++) {
                    lanes weights = load(work->weights[panel] + input * 16);
                    if (is_streamed) __builtin_prefetch(work->weights[panel] + input * 16 + AHEAD);
                    UNROLLED for (size_t row = 0; row < rows; row++) {
                        sums[row][panel] = fused(weights, values[row], sums[row][panel]);
                    }
                }
            } else {
                lanes weights[PANELS_MAX];
                UNROLLED for (size_t panel = stopping; panel < panels; panel++) {
                    weights[panel] = load(work->weights[panel] + input * 16);
                }
                UNROLLED for (size_t row = 0; row < rows; row++) {
                    lanes value = splat(x[row * x_stride]);
                    UNROLLED for (size_t panel = stopping; panel < panels; panel++) {
                        sums[row][panel] = fused(weights[panel], value, sums[row][panel]);
                    }
                }
            }
        }
    }
    if (work->is_clamped) {
        UNROLLED for (size_t row = 0; row < rows; row++) {
            UNROLLED for (size_t panel = 0; panel < panels; panel++) {
                sums[row][panel] = at_most(at_least(sums[row][panel], splat(work->floor)), splat(work->ceiling));
            }
        }
    }
    UNROLLED for (size_t row = 0; row < rows; row++) {
        UNROLLED for (size_t panel = 0; panel < panels; panel++) {
            store(work->y + row * y_stride + panel * 16, sums[row][panel]);
        }
    }
}

#define DEFINE_TILE(ROWS, PANELS) \
    static void tile_##ROWS##_##PANELS(const tile_work *work) { \
        if (ROWS <= 3 && work->is_streamed) { \
            tile(ROWS, PANELS, true, work); \
        } else { \
            tile(ROWS, PANELS, false, work); \
        } \
    }
TILES(DEFINE_TILE)

#define PLACE_TILE(ROWS, PANELS) [ROWS][PANELS] = tile_##ROWS##_##PANELS,
static void (*const tiles[ROWS_MAX + 1][PANELS_MAX + 1])(const tile_work *work) = {TILES(PLACE_TILE)};

// `repeats` tiles of `rows` rows each, over panels first ..< end: a group of panels stays in the cache while the rows go by.
static void multiply_rows(
    const staircase_layer *layer, const staircase_span *span, size_t first, size_t end, size_t rows, size_t repeats,
    const float *x, size_t x_stride, float *y, size_t y_stride) {
    tile_work work = {
        .x_stride = x_stride,
        .y_stride = y_stride,
        .first_input = span->first_input,
        .is_streamed = layer->starts[layer->panels - 1] > STREAMED,
        .is_clamped = span->floor > -__builtin_inff() || span->ceiling < __builtin_inff(),
        .floor = span->floor,
        .ceiling = span->ceiling,
    };
    size_t panels = PANELS_MAX;
    for (size_t panel = first; panel < end; panel += panels) {
        if (panels > end - panel) panels = end - panel;
        while (!tiles[rows][panels]) panels--;
        for (size_t i = 0; i < panels; i++) {
            size_t depth = layer->depths[panel + i];
            work.weights[i] = layer->weights + layer->starts[panel + i];
            work.ends[i] = depth < span->end_input ? depth : span->end_input;
        }
        work.bias = span->from_bias ? layer->bias + panel * 16 : NULL;
        for (size_t i = 0; i < repeats; i++) {
            work.x = x + i * rows * x_stride;
            work.y = y + i * rows * y_stride + panel * 16;
            tiles[rows][panels](&work);
        }
    }
}

static void multiply(
    const staircase_layer *layer, const staircase_span *span, size_t rows, const float *x, size_t x_stride, float *y,
    size_t y_stride) {
    // A group of panels is finished for all tiles of rows while its weights are in the second-level cache.
    const size_t group = 8;
    for (size_t first = span->first_panel; first < span->end_panel; first += group) {
        size_t end = first + group < span->end_panel ? first + group : span->end_panel;
        for (size_t done = 0; done < rows;) {
            size_t step = tile_rows(rows - done, end - first);
            size_t repeats = step >= ROWS_STEP ? (rows - done) / step : 1;
            multiply_rows(
                layer, span, first, end, step, repeats, x + done * x_stride, x_stride, y + done * y_stride, y_stride);
            done += step * repeats;
        }
    }
}

#endif
