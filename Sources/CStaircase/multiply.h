// The product with a staircase, by tiles of some rows times some panels that stay in registers.
//
// The file that includes this says which tiles its registers hold: `TILES(TILE)` lists (rows, panels) pairs, rows
// ascending, for each number of rows the panels descending to 1, and `tile_rows` picks the rows of the next tile. Few rows take many
// panels: the chains of one row's outputs are what runs in parallel when rows do not.

#ifndef MADE_MULTIPLY_H
#define MADE_MULTIPLY_H

#include "lanes.h"

enum { ROWS_MAX = 12, PANELS_MAX = 8 };

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
    lanes floor;
    lanes ceiling;
} tile_work;

#define UNROLLED _Pragma("clang loop unroll(full)")

// `rows` and `panels` are constants where this is inlined, so that `sums` becomes registers.
INLINE void tile(const size_t rows, const size_t panels, const tile_work *work) {
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
    UNROLLED for (size_t row = 0; row < rows; row++) {
        UNROLLED for (size_t panel = 0; panel < panels; panel++) {
            lanes sum = at_most(at_least(sums[row][panel], work->floor), work->ceiling);
            store(work->y + row * y_stride + panel * 16, sum);
        }
    }
}

#define DEFINE_TILE(ROWS, PANELS) \
    static void tile_##ROWS##_##PANELS(const tile_work *work) { tile(ROWS, PANELS, work); }
TILES(DEFINE_TILE)

typedef struct {
    size_t rows;
    size_t panels;
    void (*run)(const tile_work *work);
} tile_kind;

#define LIST_TILE(ROWS, PANELS) {ROWS, PANELS, tile_##ROWS##_##PANELS},
static const tile_kind tile_kinds[] = {TILES(LIST_TILE)};

// The tiles of `rows` rows, most panels first.
INLINE const tile_kind *tiles_of(size_t rows) {
    const tile_kind *kind = tile_kinds;
    while (kind->rows != rows) kind++;
    return kind;
}

// `repeats` tiles of `rows` rows each, over panels first ..< end: a group of panels stays in the cache while the rows go by.
static void multiply_rows(
    const staircase_layer *layer, const staircase_span *span, size_t first, size_t end, size_t rows, size_t repeats,
    const float *x, size_t x_stride, float *y, size_t y_stride) {
    tile_work work = {
        .x_stride = x_stride,
        .y_stride = y_stride,
        .first_input = span->first_input,
        .floor = splat(span->floor),
        .ceiling = splat(span->ceiling),
    };
    const tile_kind *kind = tiles_of(rows);
    for (size_t panel = first; panel < end; panel += kind->panels) {
        while (kind->panels > end - panel) kind++;
        for (size_t i = 0; i < kind->panels; i++) {
            size_t depth = layer->depths[panel + i];
            work.weights[i] = layer->weights + layer->starts[panel + i];
            work.ends[i] = depth < span->end_input ? depth : span->end_input;
        }
        work.bias = span->from_bias ? layer->bias + panel * 16 : NULL;
        for (size_t i = 0; i < repeats; i++) {
            work.x = x + i * rows * x_stride;
            work.y = y + i * rows * y_stride + panel * 16;
            kind->run(&work);
        }
    }
}

static void multiply(
    const staircase_layer *layer, staircase_span span, size_t rows, const float *x, size_t x_stride, float *y,
    size_t y_stride) {
    // A group of panels is finished for all tiles of rows while its weights are in the second-level cache.
    const size_t group = 8;
    for (size_t first = span.first_panel; first < span.end_panel; first += group) {
        size_t end = first + group < span.end_panel ? first + group : span.end_panel;
        for (size_t done = 0; done < rows;) {
            size_t step = tile_rows(rows - done);
            size_t repeats = step == ROWS_STEP ? (rows - done) / step : 1;
            multiply_rows(
                layer, &span, first, end, step, repeats, x + done * x_stride, x_stride, y + done * y_stride, y_stride);
            done += step * repeats;
        }
    }
}

#endif
