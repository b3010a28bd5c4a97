// The product with a staircase, by tiles of some rows times some panels that stay in registers.
//
// The file that includes this says which tiles its registers hold: `TILES(TILE)` lists (rows, panels) pairs, for each number
// of rows down to one panel, and `tile_rows` picks the rows of the next tile, from the rows and panels that are left; those
// from `ROWS_STEP` on are repeated. Few rows take many panels: the chains of one row's outputs are what runs in parallel when
// rows do not.

#ifndef MADE_MULTIPLY_H
#define MADE_MULTIPLY_H

#include "nonzero.h"

// Bytes of a layer that are taken not to stay in the second-level cache.
enum { STREAMED_BYTES = 1024 * 1024 };

enum { ROWS_MAX = 24, PANELS_MAX = 8 };

// Rows that take tiles of their own: weights are used too seldom to be kept in registers.
enum { FEW_ROWS = 3 };

typedef struct {
    const float *x;
    size_t x_stride;
    float *y;
    size_t y_stride;
    // NULL: go on from y.
    const float *bias;
    // Floats or halves, from the first of the inputs on that are counted here.
    const void *weights[PANELS_MAX];
    // NULL: all inputs from `start` on; else those listed from there on.
    const uint32_t *inputs;
    size_t start;
    // Where each panel's inputs, or its part of the list, end, ascending.
    size_t ends[PANELS_MAX];
    // The weights come from beyond the second-level cache.
    bool is_streamed;
    bool are_halves;
    bool is_clamped;
    float floor;
    float ceiling;
} tile_work;

// Products of fewer inputs are not worth a look at each.
enum { FEW_INPUTS = 32 };

INLINE lanes load_weights(const bool are_halves, const void *panel, size_t input) {
    const void *from = (const char *)panel + input * STAIRCASE_INPUT_BYTES;
    return are_halves ? load_halves(from) : load(from);
}

// The weights of a panel, from its first input on.
INLINE const void *panel_weights(const bool are_halves, const staircase_layer *layer, size_t panel) {
    const char *all = are_halves ? (const char *)layer->halves : (const char *)layer->weights;
    return all + layer->starts[panel] * (are_halves ? sizeof *layer->halves : sizeof *layer->weights);
}

// How a tile is compiled: each a constant where `tile` is inlined, so that `sums` becomes registers.
typedef struct {
    size_t rows;
    size_t panels;
    bool is_streamed;
    bool is_listed;
    bool are_halves;
} tile_kind;

INLINE void tile(const tile_kind kind, const tile_work *work) {
    const size_t rows = kind.rows, panels = kind.panels;
    lanes sums[ROWS_MAX][PANELS_MAX];
    const size_t x_stride = work->x_stride, y_stride = work->y_stride;
    UNROLLED for (size_t row = 0; row < rows; row++) {
        UNROLLED for (size_t panel = 0; panel < panels; panel++) {
            const float *start = work->bias ? work->bias + panel * 16 : work->y + row * y_stride + panel * 16;
            sums[row][panel] = load(start);
        }
    }
    size_t at = work->start;
    // Panels stop one after the other; from each stop on, the loop has one panel less.
    UNROLLED for (size_t stopping = 0; stopping < panels; stopping++) {
        for (; at < work->ends[stopping]; at++) {
            const size_t input = kind.is_listed ? work->inputs[at] : at;
            const float *x = work->x + input;
            if (rows <= FEW_ROWS) {
                // The rows' values wait in registers while the weights, each used at once, come by.
                lanes values[FEW_ROWS];
                UNROLLED for (size_t row = 0; row < rows; row++) values[row] = splat(x[row * x_stride]);
                UNROLLED for (size_t panel = stopping; panel < panels; panel++) {
                    lanes weights = load_weights(kind.are_halves, work->weights[panel], input);
                    // Two panels of halves share a line.
                    if (kind.is_streamed && (!kind.are_halves || panel == stopping || panel % 2 == 0)) {
                        size_t ahead = kind.is_listed ? work->inputs[at + AHEAD] : input + AHEAD;
                        __builtin_prefetch((const char *)work->weights[panel] + ahead * STAIRCASE_INPUT_BYTES);
                    }
                    UNROLLED for (size_t row = 0; row < rows; row++) {
                        sums[row][panel] = fused(weights, values[row], sums[row][panel]);
                    }
                }
            } else {
                lanes weights[PANELS_MAX];
                UNROLLED for (size_t panel = stopping; panel < panels; panel++) {
                    weights[panel] = load_weights(kind.are_halves, work->weights[panel], input);
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

// Each in a function of its own: where the loops of several share one, their sums no longer all stay in registers.
#define DEFINE_TILE_KIND(ROWS, PANELS, KIND, IS_STREAMED, IS_LISTED, ARE_HALVES) \
    __attribute__((noinline)) static void tile_##ROWS##_##PANELS##_##KIND(const tile_work *work) { \
        tile((tile_kind){ROWS, PANELS, IS_STREAMED, IS_LISTED, ARE_HALVES}, work); \
    }

#define RUN_TILE(ROWS, PANELS, KIND) \
    if (work->are_halves) tile_##ROWS##_##PANELS##_##KIND##_halves(work); \
    else tile_##ROWS##_##PANELS##_##KIND##_floats(work);

// Only tiles of few rows read each weight once, and can gain by asking early.
#define DEFINE_TILE(ROWS, PANELS) \
    DEFINE_TILE_KIND(ROWS, PANELS, plain_floats, false, false, false) \
    DEFINE_TILE_KIND(ROWS, PANELS, plain_halves, false, false, true) \
    DEFINE_TILE_KIND(ROWS, PANELS, listed_floats, false, true, false) \
    DEFINE_TILE_KIND(ROWS, PANELS, listed_halves, false, true, true) \
    DEFINE_TILE_KIND(ROWS, PANELS, streamed_floats, true, false, false) \
    DEFINE_TILE_KIND(ROWS, PANELS, streamed_halves, true, false, true) \
    DEFINE_TILE_KIND(ROWS, PANELS, streamed_listed_floats, true, true, false) \
    DEFINE_TILE_KIND(ROWS, PANELS, streamed_listed_halves, true, true, true) \
    static void tile_##ROWS##_##PANELS(const tile_work *work) { \
        if (ROWS <= FEW_ROWS && work->is_streamed) { \
            if (work->inputs) { \
                RUN_TILE(ROWS, PANELS, streamed_listed) \
            } else { \
                RUN_TILE(ROWS, PANELS, streamed) \
            } \
        } else if (work->inputs) { \
            RUN_TILE(ROWS, PANELS, listed) \
        } else { \
            RUN_TILE(ROWS, PANELS, plain) \
        } \
    }
TILES(DEFINE_TILE)

#define PLACE_TILE(ROWS, PANELS) [ROWS][PANELS] = tile_##ROWS##_##PANELS,
static void (*const tiles[ROWS_MAX + 1][PANELS_MAX + 1])(const tile_work *work) = {TILES(PLACE_TILE)};

// `repeats` tiles of `rows` rows each, over panels first ..< end: a group of panels stays in the cache while the rows go by.
// With a `list`, only the inputs of the span that are in it, counted from its first.
static void multiply_rows(
    const staircase_layer *layer, const staircase_span *span, size_t first, size_t end, const nonzero_list *list,
    size_t rows, size_t repeats, const float *x, size_t x_stride, float *y, size_t y_stride) {
    const bool are_halves = layer->halves != NULL;
    const size_t number_bytes = are_halves ? sizeof(uint16_t) : sizeof(float);
    const size_t skipped = list ? span->first_input : 0;
    tile_work work = {
        .x_stride = x_stride,
        .y_stride = y_stride,
        .inputs = list ? list->inputs : NULL,
        .start = list ? 0 : span->first_input,
        .is_streamed = layer->starts[layer->panels - 1] * number_bytes > STREAMED_BYTES,
        .are_halves = are_halves,
        .is_clamped = span->floor > -__builtin_inff() || span->ceiling < __builtin_inff(),
        .floor = span->floor,
        .ceiling = span->ceiling,
    };
    size_t panels = PANELS_MAX;
    for (size_t panel = first; panel < end; panel += panels) {
        if (panels > end - panel) panels = end - panel;
        while (!tiles[rows][panels]) panels--;
        for (size_t i = 0; i < panels; i++) {
            size_t stop = layer->depths[panel + i];
            if (stop > span->end_input) stop = span->end_input;
            const char *own = panel_weights(are_halves, layer, panel + i);
            work.weights[i] = own + skipped * STAIRCASE_INPUT_BYTES;
            work.ends[i] = !list ? stop : stop > skipped ? listed_before(list, stop - skipped) : 0;
        }
        work.bias = span->from_bias ? layer->bias + panel * 16 : NULL;
        for (size_t i = 0; i < repeats; i++) {
            work.x = x + skipped + i * rows * x_stride;
            work.y = y + i * rows * y_stride + panel * 16;
            tiles[rows][panels](&work);
        }
    }
}

// The panels of a span for any number of rows.
static void multiply_panels(
    const staircase_layer *layer, const staircase_span *span, const nonzero_list *list, size_t rows, const float *x,
    size_t x_stride, float *y, size_t y_stride) {
    // A group of panels is finished for all tiles of rows while its weights are in the second-level cache.
    const size_t group = 8;
    for (size_t first = span->first_panel; first < span->end_panel; first += group) {
        size_t end = first + group < span->end_panel ? first + group : span->end_panel;
        for (size_t done = 0; done < rows;) {
            size_t step = tile_rows(rows - done, end - first);
            size_t repeats = step >= ROWS_STEP ? (rows - done) / step : 1;
            multiply_rows(
                layer, span, first, end, list, step, repeats, x + done * x_stride, x_stride, y + done * y_stride,
                y_stride);
            done += step * repeats;
        }
    }
}

// Piece by piece of the inputs, those that are 0 in all rows left out where they are many. Its list would make every product
// reserve that much of the stack.
__attribute__((noinline)) static void multiply_sparse(
    const staircase_layer *layer, const staircase_span *span, size_t rows, const float *x, size_t x_stride, float *y,
    size_t y_stride) {
    if (rows == 0 || span->first_panel >= span->end_panel) return;
    nonzero_list list;
    staircase_span piece = *span;
    const size_t deepest = layer->depths[span->end_panel - 1];
    const size_t last = span->end_input < deepest ? span->end_input : deepest;
    const bool is_one_tile = rows <= FEW_ROWS && tile_rows(rows, PANELS_MAX) == rows;
    bool is_last;
    do {
        is_last = piece.first_input + LISTED_MAX >= last;
        piece.end_input = is_last ? last : piece.first_input + LISTED_MAX;
        piece.floor = is_last ? span->floor : -__builtin_inff();
        piece.ceiling = is_last ? span->ceiling : __builtin_inff();
        const size_t count = piece.end_input > piece.first_input ? piece.end_input - piece.first_input : 0;
        list_nonzero(&list, rows, count, x + piece.first_input, x_stride);
        // Following the list costs about as much as reading a sixth of the weights.
        const nonzero_list *listed = list.count * 16 < count * 13 ? &list : NULL;
        if (is_one_tile) {
            multiply_rows(layer, &piece, span->first_panel, span->end_panel, listed, rows, 1, x, x_stride, y, y_stride);
        } else {
            multiply_panels(layer, &piece, listed, rows, x, x_stride, y, y_stride);
        }
        piece.first_input = piece.end_input;
        piece.from_bias = false;
    } while (!is_last);
}

static void multiply(
    const staircase_layer *layer, const staircase_span *span, size_t rows, const float *x, size_t x_stride, float *y,
    size_t y_stride) {
    if (rows <= FEW_ROWS && rows > 0 && tile_rows(rows, PANELS_MAX) == rows && span->end_panel > span->first_panel &&
        span->end_input >= span->first_input + FEW_INPUTS) {
        multiply_sparse(layer, span, rows, x, x_stride, y, y_stride);
        return;
    }
    multiply_panels(layer, span, NULL, rows, x, x_stride, y, y_stride);
}

#endif
