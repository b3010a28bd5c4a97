// Ancestral sampling: one forward pass that draws the variables on its way, and computes a unit once, as soon as all that it
// sees is known.
//
// Groups of panels are brought up to the inputs known so far when the first of their units is needed, and from then on with
// every input that becomes known. Each sum thus stays one chain in ascending input order, and has the bits that it has in
// scoring.

#ifndef MADE_SAMPLING_H
#define MADE_SAMPLING_H

#include "draws.h"
#include "mixed.h"
#include "multiply.h"

// So many inputs, or fewer, of a single row take less time than the choice of a tile.
enum { STEP_INPUTS = 16 };

// A row's sums, one panel after the other, taken on by at most STEP_INPUTS inputs. All of them, zeros too: nobody can foresee
// what was drawn, and a wrong guess of the processor costs more than the product.
INLINE void multiply_step(
    const bool are_halves, const staircase_layer *layer, const staircase_span *span, const float *x, float *y) {
    for (size_t panel = span->first_panel; panel < span->end_panel; panel++) {
        const void *weights = panel_weights(are_halves, layer, panel);
        const size_t depth = layer->depths[panel];
        const size_t end = span->end_input < depth ? span->end_input : depth;
        lanes sum = load((span->from_bias ? layer->bias : y) + panel * 16);
        for (size_t input = span->first_input; input < end; input++) {
            sum = fused(load_weights(are_halves, weights, input), splat(x[input]), sum);
        }
        store(y + panel * 16, sum);
    }
}

// Brings the groups of 2^group_shift panels that hold columns first ..< end up to the inputs of degree <= `degree`. Columns
// come in ascending order.
INLINE void grow(
    const staircase_growing_layer *growing, size_t first, size_t end, size_t degree, const size_t rows,
    const size_t group_shift) {
    const staircase_layer *layer = growing->layer;
    const size_t known = growing->ends[degree], first_panel = first / 16;
    for (size_t group = first_panel >> group_shift; group <= ((end - 1) / 16) >> group_shift; group++) {
        const size_t seen = growing->progress[group];
        if (seen == known + 1) continue;
        growing->progress[group] = known + 1;
        const size_t start = group << group_shift, stop = (group + 1) << group_shift;
        const staircase_span span = {
            // Of a group begun, the panels before the first column are complete.
            .first_panel = seen > 0 && start < first_panel ? first_panel : start,
            .end_panel = stop < layer->panels ? stop : layer->panels,
            .first_input = seen > 0 ? seen - 1 : 0,
            .end_input = known,
            .from_bias = seen == 0,
            .floor = -__builtin_inff(),
            .ceiling = __builtin_inff(),
        };
        if (rows > 1 || span.end_input > span.first_input + STEP_INPUTS) {
            multiply(layer, &span, rows, growing->x, growing->x_stride, growing->y, growing->y_stride);
        } else if (layer->halves) {
            multiply_step(true, layer, &span, growing->x, growing->y);
        } else {
            multiply_step(false, layer, &span, growing->x, growing->y);
        }
    }
}

// Computes the hidden units of one degree: all that they see is known.
INLINE void learn(const staircase_pass *pass, size_t degree, const size_t rows, const size_t group_shift) {
    for (size_t i = 0; i < pass->hidden_count; i++) {
        const staircase_growing_layer *layer = pass->layers + i;
        const size_t *columns = pass->layers[i + 1].ends;
        const size_t first = degree > 0 ? columns[degree - 1] : 0, end = columns[degree];
        if (first == end) continue;
        grow(layer, first, end, degree, rows, group_shift);
        activate(pass->activation, rows, layer->y, layer->y_stride, first, end);
        if (layer->is_residual) add(rows, layer->x, layer->x_stride, layer->y, layer->y_stride, first, end);
    }
}

INLINE size_t output_count(const staircase_variable *variable) {
    if (variable->kind != STAIRCASE_REAL) return variable->count;
    return 3 * variable->count + (variable->outcome_count > 0 ? variable->outcome_count + 1 : 0);
}

INLINE void draw(const staircase_pass *pass, size_t position, const size_t rows) {
    const staircase_variable *variable = pass->variables->variables + position;
    const staircase_growing_layer *outputs = pass->layers + pass->hidden_count;
    const bool has_direct = pass->layer_count > pass->hidden_count + 1;
    const float *z = outputs->y + variable->first_output;
    const float *direct = has_direct ? outputs[1].y + variable->first_output : NULL;
    const float *uniforms = pass->uniforms + position * rows;
    float *x = pass->values + position;
    if (variable->kind == STAIRCASE_BINARY) {
        draw_binary(
            rows, z, direct, outputs->y_stride, pass->inverse_temperature, uniforms, x, pass->values_stride);
    } else {
        draw_mixed(
            variable, rows, z, direct, outputs->y_stride, pass->inverse_temperature, uniforms,
            pass->normals ? pass->normals + position * rows : NULL, x, pass->values_stride);
    }
}

INLINE void sample_rows(const staircase_pass *pass, const size_t rows, const size_t group_shift) {
    const staircase_variables *variables = pass->variables;
    for (size_t i = 0; i < pass->layer_count; i++) {
        const staircase_growing_layer *layer = pass->layers + i;
        __builtin_memset(layer->progress, 0, layer->layer->panels * sizeof *layer->progress);
    }
    for (size_t first = 0, end; first < variables->count; first = end + 1) {
        for (end = first; end < variables->count && variables->variables[end].kind == STAIRCASE_BINARY;) end++;
        make_logistic((end - first) * rows, pass->uniforms + first * rows);
    }
    learn(pass, 0, rows, group_shift);
    for (size_t position = 0; position < variables->count; position++) {
        const staircase_variable *variable = variables->variables + position;
        const size_t column = variable->first_output;
        for (size_t i = pass->hidden_count; i < pass->layer_count; i++) {
            grow(pass->layers + i, column, column + output_count(variable), position, rows, group_shift);
        }
        if (__builtin_isnan(pass->evidence[position])) {
            draw(pass, position, rows);
        } else {
            for (size_t row = 0; row < rows; row++) {
                const float *evidence = pass->evidence + row * pass->evidence_stride;
                pass->values[row * pass->values_stride + position] = evidence[position];
            }
        }
        if (pass->units) {
            encode(
                variable, 1, rows, pass->values + position, pass->values_stride, pass->units, pass->unit_stride);
        }
        learn(pass, position + 1, rows, group_shift);
    }
}

static void sample(const staircase_pass *pass) {
    // Several panels where rows are few, so that one row's sums run side by side; else one, whose sums are longest before
    // they are first needed.
    if (pass->rows == 1) {
        sample_rows(pass, 1, 3);
    } else {
        sample_rows(pass, pass->rows, pass->rows < 4 ? 2 : pass->rows < 8 ? 1 : 0);
    }
}

#endif
