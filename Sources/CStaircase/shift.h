// First layers of rows that differ from a known one in few inputs: only those inputs' weights are read.

#ifndef MADE_SHIFT_H
#define MADE_SHIFT_H

#include "multiply.h"

INLINE void shift_rows(
    const bool are_halves, const staircase_layer *layer, const staircase_changes *changes, size_t rows,
    const float *from, float *y, size_t y_stride) {
    const lanes floor = splat(changes->floor), ceiling = splat(changes->ceiling);
    for (size_t panel = changes->first_panel; panel < changes->end_panel; panel++) {
        const void *weights = panel_weights(are_halves, layer, panel);
        const lanes start = load(from + panel * 16);
        size_t change = 0;
        for (size_t row = 0; row < rows; row++) {
            lanes sum = start;
            for (; change < changes->ends[row]; change++) {
                const size_t input = changes->inputs[change];
                // Behind its depth a panel has no weights.
                if (input >= layer->depths[panel]) continue;
                sum = fused(load_weights(are_halves, weights, input), splat(changes->amounts[change]), sum);
            }
            store(y + row * y_stride + panel * 16, at_most(at_least(sum, floor), ceiling));
        }
    }
}

static void shift(
    const staircase_layer *layer, const staircase_changes *changes, size_t rows, const float *from, float *y,
    size_t y_stride) {
    if (layer->halves) {
        shift_rows(true, layer, changes, rows, from, y, y_stride);
    } else {
        shift_rows(false, layer, changes, rows, from, y, y_stride);
    }
}

#endif
