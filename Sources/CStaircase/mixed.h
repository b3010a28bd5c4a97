// Input units, log-likelihood and surprisals of rows whose variables are of several kinds.
//
// A lane is a pair of a row and a variable: sixteen rows of one variable where there are so many, else several variables side
// by side. What a lane computes does not depend on the lanes beside it, so a row has the same bits either way.

#ifndef MADE_MIXED_H
#define MADE_MIXED_H

#include "bernoulli.h"

// The outcome of a value that is one.
INLINE uint32_t outcome_of(float value) { return (uint32_t)(value * (1 / STAIRCASE_OUTCOME)) - 1; }

// The units of a label that is none of the variable's: all labels alike, which is the mean of what the network knows.
INLINE void spread_evenly(float *units, uint32_t count) {
    for (uint32_t label = 0; label < count; label++) units[label] = 1 / (float)count;
}

static void encode(
    const staircase_variable *variables, size_t count, size_t rows, const float *values, size_t values_stride,
    float *units, size_t unit_stride) {
    for (size_t row = 0; row < rows; row++) {
        for (size_t v = 0; v < count; v++) {
            const staircase_variable *variable = variables + v;
            const float value = values[row * values_stride + v];
            float *to = units + row * unit_stride + variable->first_input;
            switch (variable->kind) {
            case STAIRCASE_BINARY: *to = value; break;
            case STAIRCASE_CATEGORICAL:
                for (uint32_t label = 0; label < variable->count; label++) to[label] = value == (float)label ? 1 : 0;
                if (value < 0) spread_evenly(to, variable->count - variable->outcome_count);
                if (value >= STAIRCASE_OUTCOME) to[variable->count - 1] = 1;
                break;
            case STAIRCASE_REAL: {
                const float bound = variable->input_bound;
                const float u = value > -bound ? value : -bound;
                *to = u < bound ? u : bound;
                for (uint32_t k = 0; k < variable->outcome_count; k++) to[1 + k] = 0;
                if (value < STAIRCASE_OUTCOME) break;
                const uint32_t outcome = outcome_of(value) - variable->first_outcome;
                if (outcome >= variable->outcome_count) break;
                to[0] = variable->outcome_inputs[outcome];
                to[1 + outcome] = 1;
                break;
            }
            }
        }
    }
}

typedef struct {
    // Where each lane's output units start in z.
    size_t starts[16];
    lanes values;
    // The variables' constants.
    lanes counts;
    lanes scale_floors;
    lanes volume_offsets;
    lanes volume_slopes;
    lanes surprisal_offsets;
    lanes first_outcomes;
    // Most classes of a lane.
    size_t count_max;
    // Of a real variable.
    size_t outcome_count;
} pairs;

// All sixteen rows of one variable; `values` are that variable's.
INLINE void place_rows(
    pairs *pairs, const staircase_variable *variable, const float *values, size_t values_stride, size_t z_stride) {
    for (size_t lane = 0; lane < 16; lane++) pairs->starts[lane] = lane * z_stride + variable->first_output;
    pairs->values = gather(values, values_stride, 16);
    pairs->counts = splat((float)variable->count);
    pairs->scale_floors = splat(variable->scale_floor);
    pairs->volume_offsets = splat(variable->volume_offset);
    pairs->volume_slopes = splat(variable->volume_slope);
    pairs->surprisal_offsets = splat(variable->surprisal_offset);
    pairs->first_outcomes = splat((float)variable->first_outcome);
    pairs->count_max = variable->count;
    pairs->outcome_count = variable->outcome_count;
}

// The row and the position of each lane's pair: `count` <= 16 of them, of which the last is repeated.
typedef struct {
    size_t rows[16];
    size_t positions[16];
    size_t count;
} places;

// Pairs first ..< first + 16 of those of `rows` rows and variables order[0] ..< order[count], rows first.
INLINE void place_pairs(
    pairs *pairs, places *places, const staircase_variable *variables, const size_t *order, size_t count, size_t rows,
    size_t first, const float *values, size_t values_stride, size_t z_stride) {
    float found[16], counts[16], surprisal_offsets[16], first_outcomes[16];
    float scale_floors[16], volume_offsets[16], volume_slopes[16];
    size_t left = count * rows - first;
    places->count = left < 16 ? left : 16;
    pairs->count_max = 0;
    pairs->outcome_count = variables[*order].outcome_count;
    size_t row = first % rows;
    order += first / rows;
    for (size_t lane = 0; lane < 16; lane++) {
        size_t position = *order;
        const staircase_variable *variable = variables + position;
        places->rows[lane] = row;
        places->positions[lane] = position;
        pairs->starts[lane] = row * z_stride + variable->first_output;
        if (variable->count > pairs->count_max) pairs->count_max = variable->count;
        found[lane] = values[row * values_stride + position];
        counts[lane] = (float)variable->count;
        scale_floors[lane] = variable->scale_floor;
        volume_offsets[lane] = variable->volume_offset;
        volume_slopes[lane] = variable->volume_slope;
        surprisal_offsets[lane] = variable->surprisal_offset;
        first_outcomes[lane] = (float)variable->first_outcome;
        if (lane + 1 < places->count && ++row == rows) {
            row = 0;
            order++;
        }
    }
    pairs->values = load(found);
    pairs->counts = load(counts);
    pairs->scale_floors = load(scale_floors);
    pairs->volume_offsets = load(volume_offsets);
    pairs->volume_slopes = load(volume_slopes);
    pairs->surprisal_offsets = load(surprisal_offsets);
    pairs->first_outcomes = load(first_outcomes);
}

// from[starts[0]], from[starts[1]], …
INLINE lanes pick(const float *from, const size_t *starts) {
    return (lanes){
        from[starts[0]],  from[starts[1]],  from[starts[2]],  from[starts[3]],
        from[starts[4]],  from[starts[5]],  from[starts[6]],  from[starts[7]],
        from[starts[8]],  from[starts[9]],  from[starts[10]], from[starts[11]],
        from[starts[12]], from[starts[13]], from[starts[14]], from[starts[15]]};
}

#define SHUFFLED __builtin_shufflevector
#define QUARTERS(A, B, X, Y) \
    SHUFFLED( \
        A, B, X * 4, X * 4 + 1, X * 4 + 2, X * 4 + 3, Y * 4, Y * 4 + 1, Y * 4 + 2, Y * 4 + 3, 16 + X * 4, \
        16 + X * 4 + 1, 16 + X * 4 + 2, 16 + X * 4 + 3, 16 + Y * 4, 16 + Y * 4 + 1, 16 + Y * 4 + 2, 16 + Y * 4 + 3)

// Sixteen floats of each pair, from[starts[lane] + first] on, as sixteen columns of one float a pair, within ±1e30.
INLINE void load_columns(
    const float *z, const float *direct, const size_t *starts, size_t first, lanes columns[16]) {
    lanes a[16], b[16];
    for (size_t lane = 0; lane < 16; lane++) {
        lanes units = load(z + starts[lane] + first);
        if (direct) units += load(direct + starts[lane] + first);
        a[lane] = at_most(at_least(units, splat(-1e30f)), splat(1e30f));
    }
    for (size_t i = 0; i < 16; i += 2) {
        b[i] = SHUFFLED(a[i], a[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        b[i + 1] = SHUFFLED(a[i], a[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (size_t i = 0; i < 16; i += 4) {
        for (size_t j = 0; j < 2; j++) {
            lanes low = b[i + j], high = b[i + j + 2];
            a[i + 2 * j] = SHUFFLED(low, high, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            a[i + 2 * j + 1] = SHUFFLED(low, high, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    }
    // Quarter q of a[i + j] holds column 4 q + j of lanes i ..< i + 4.
    for (size_t j = 0; j < 4; j++) {
        lanes even = QUARTERS(a[j], a[4 + j], 0, 2), odd = QUARTERS(a[j], a[4 + j], 1, 3);
        lanes late_even = QUARTERS(a[8 + j], a[12 + j], 0, 2), late_odd = QUARTERS(a[8 + j], a[12 + j], 1, 3);
        columns[j] = QUARTERS(even, late_even, 0, 2);
        columns[4 + j] = QUARTERS(odd, late_odd, 0, 2);
        columns[8 + j] = QUARTERS(even, late_even, 1, 3);
        columns[12 + j] = QUARTERS(odd, late_odd, 1, 3);
    }
}

INLINE lanes binary_surprisals(const pairs *pairs, const float *z, const float *direct) {
    lanes logits = pick(z, pairs->starts);
    if (direct) logits += pick(direct, pairs->starts);
    lanes s = signed_logits(pairs->values, logits);
    return log1p_positive(exp_negative(-absolute(s))) - at_most(s, splat(0));
}

// Columns first ..< first + 16 of each pair's labels. A lane whose labels end before stays at its last sixteen, which count for
// nothing there: what follows them may not be memory.
INLINE void load_labels(const pairs *pairs, const float *z, const float *direct, size_t first, lanes columns[16]) {
    float counts[16];
    size_t starts[16];
    store(counts, pairs->counts);
    for (size_t lane = 0; lane < 16; lane++) {
        size_t last = ((size_t)counts[lane] - 1) / 16 * 16;
        starts[lane] = pairs->starts[lane] + (first < last ? first : last);
    }
    load_columns(z, direct, starts, 0, columns);
}

// log(sum of e^z) - z[class]. The greatest term is left out of the sum, which then is what a logarithm of 1 + sum needs to
// keep the small surprisals of confident conditionals.
INLINE lanes class_surprisals(const pairs *pairs, lanes classes, const float *z, const float *direct) {
    // A label that a lane's variable has not got: below all logits.
    const lanes none = splat(-2e30f);
    lanes columns[16];
    lanes peak = none, chosen = none;
    for (size_t first = 0; first < pairs->count_max; first += 16) {
        load_labels(pairs, z, direct, first, columns);
        for (size_t i = 0; i < 16 && first + i < pairs->count_max; i++) {
            lanes label = splat((float)(first + i));
            lanes logit = label < pairs->counts ? columns[i] : none;
            peak = at_least(logit, peak);
            chosen = label == classes ? logit : chosen;
        }
    }
    lanes others = splat(0);
    integers is_found = (integers)(0);
    for (size_t first = 0; first < pairs->count_max; first += 16) {
        if (pairs->count_max > 16) load_labels(pairs, z, direct, first, columns);
        for (size_t i = 0; i < 16 && first + i < pairs->count_max; i++) {
            integers is_label = splat((float)(first + i)) < pairs->counts;
            integers is_peak = is_label & (columns[i] == peak) & ~is_found;
            is_found |= is_peak;
            lanes term = exp_negative(at_most(columns[i] - peak, splat(0)));
            others += is_label & ~is_peak ? term : splat(0);
        }
    }
    return at_most(peak - chosen + log1p_positive(others) + pairs->surprisal_offsets, splat(1e30f));
}

INLINE lanes categorical_surprisals(const pairs *pairs, const float *z, const float *direct) {
    const lanes last = pairs->counts - splat(1);
    return class_surprisals(pairs, pairs->values < splat(STAIRCASE_OUTCOME) ? pairs->values : last, z, direct);
}

// e^x for x <= 0, and 0 where exp_negative has no smaller number.
INLINE lanes exp_vanishing(lanes x) { return x < splat(-87) ? splat(0) : exp_negative(x); }

// -log of the density of a mixture of Gaussians (Bishop 1994, eq. 22-24), that of the number which the value is of.
INLINE lanes number_surprisals(const pairs *pairs, const float *z, const float *direct) {
    const size_t count = pairs->count_max;
    lanes units[3 * STAIRCASE_GAUSSIANS_MAX], precisions[STAIRCASE_GAUSSIANS_MAX];
    for (size_t first = 0; first < 3 * count; first += 16) {
        load_columns(z, direct, pairs->starts, first, units + first);
    }
    lanes *logits = units;
    const lanes *means = units + count, *spreads = units + 2 * count;
    lanes peak = logits[0];
    for (size_t k = 1; k < count; k++) peak = at_least(logits[k], peak);
    lanes weights = splat(0), highest = splat(-3e38f);
    for (size_t k = 0; k < count; k++) {
        lanes weight = logits[k] - peak;
        weights += exp_vanishing(weight);
        lanes softplus = log1p_positive(exp_negative(-absolute(spreads[k]))) + at_least(spreads[k], splat(0));
        lanes sigma = at_most(at_least(pairs->scale_floors + softplus, splat(1e-30f)), splat(1e30f));
        precisions[k] = splat(1) / sigma;
        lanes distance = (pairs->values - means[k]) * precisions[k];
        distance = at_most(at_least(distance, splat(-1e15f)), splat(1e15f));
        logits[k] = fused(distance * splat(-0.5f), distance, weight);
        highest = at_least(logits[k], highest);
    }
    lanes density = splat(0);
    for (size_t k = 0; k < count; k++) density = fused(exp_vanishing(logits[k] - highest), precisions[k], density);
    const lanes u = at_most(at_least(pairs->values, splat(-1e30f)), splat(1e30f));
    const lanes volume = at_most(absolute(fused(u, pairs->volume_slopes, pairs->volume_offsets)), splat(1e29f));
    return pairs->surprisal_offsets - highest - logarithm(density / weights, splat(0)) + volume;
}

// Of an outcome -log p, of a number -log of the probability that it is one and of its density.
INLINE lanes real_surprisals(const pairs *given, const float *z, const float *direct) {
    if (given->outcome_count == 0) return number_surprisals(given, z, direct);
    const lanes number = splat((float)given->outcome_count);
    const integers is_number = given->values < splat(STAIRCASE_OUTCOME);
    const lanes outcomes = given->values * splat(1 / STAIRCASE_OUTCOME) - splat(1) - given->first_outcomes;
    pairs parts = *given;
    parts.counts = number + splat(1);
    parts.count_max = given->outcome_count + 1;
    parts.surprisal_offsets = splat(0);
    const lanes found = class_surprisals(&parts, is_number ? number : outcomes, z, direct);
    parts = *given;
    for (size_t lane = 0; lane < 16; lane++) parts.starts[lane] += given->outcome_count + 1;
    return found + (is_number ? number_surprisals(&parts, z, direct) : splat(0));
}

INLINE lanes pair_surprisals(staircase_kind kind, const pairs *pairs, const float *z, const float *direct) {
    switch (kind) {
    case STAIRCASE_BINARY: return binary_surprisals(pairs, z, direct);
    case STAIRCASE_CATEGORICAL: return categorical_surprisals(pairs, z, direct);
    case STAIRCASE_REAL: return real_surprisals(pairs, z, direct);
    }
}

// Subtracts sixteen rows' surprisals of one variable from `sums`, or stores them `stride` apart where `sums` is NULL.
INLINE void deliver_rows(lanes found, double *sums, float *surprisals, size_t stride) {
    if (sums) {
        wide low, high;
        __builtin_memcpy(&low, sums, sizeof low);
        __builtin_memcpy(&high, sums + 8, sizeof high);
        low -= __builtin_convertvector(found.lo, wide);
        high -= __builtin_convertvector(found.hi, wide);
        __builtin_memcpy(sums, &low, sizeof low);
        __builtin_memcpy(sums + 8, &high, sizeof high);
    } else {
        for (size_t row = 0; row < 16; row++) surprisals[row * stride] = found[row];
    }
}

// The end of the variables from `first` on, in `order`, that may stand side by side: of one kind, and where they are
// mixtures with their parameters in the same columns.
INLINE size_t alike_end(const staircase_variables *all, size_t first) {
    const staircase_variable *head = all->variables + all->order[first];
    size_t end = first + 1;
    for (; end < all->count; end++) {
        const staircase_variable *next = all->variables + all->order[end];
        if (next->kind != head->kind) break;
        const bool is_laid_out_alike = next->count == head->count && next->outcome_count == head->outcome_count;
        if (head->kind == STAIRCASE_REAL && !is_laid_out_alike) break;
    }
    return end;
}

// Surprisals of at most 16 rows; subtracted from `sums`, or stored where `sums` is NULL. A row's are subtracted in the order
// of `order`, whatever the number of rows.
INLINE void mixed_block(
    const staircase_variables *all, size_t rows, const float *values, size_t values_stride, const float *z,
    const float *direct, size_t z_stride, double *sums, float *surprisals) {
    pairs pairs;
    if (rows == 16) {
        for (size_t i = 0; i < all->count; i++) {
            size_t position = all->order[i];
            const staircase_variable *variable = all->variables + position;
            place_rows(&pairs, variable, values + position, values_stride, z_stride);
            lanes found = pair_surprisals(variable->kind, &pairs, z, direct);
            deliver_rows(found, sums, surprisals ? surprisals + position : NULL, all->count);
        }
        return;
    }
    for (size_t first = 0, end = 0; first < all->count; first = end) {
        end = alike_end(all, first);
        staircase_kind kind = all->variables[all->order[first]].kind;
        for (size_t pair = 0; pair < (end - first) * rows; pair += 16) {
            places places;
            place_pairs(
                &pairs, &places, all->variables, all->order + first, end - first, rows, pair, values, values_stride,
                z_stride);
            float found[16];
            store(found, pair_surprisals(kind, &pairs, z, direct));
            for (size_t lane = 0; lane < places.count; lane++) {
                size_t row = places.rows[lane];
                if (sums) {
                    sums[row] -= (double)found[lane];
                } else {
                    surprisals[row * all->count + places.positions[lane]] = found[lane];
                }
            }
        }
    }
}

static void mixed_log_likelihood(
    const staircase_variables *variables, size_t rows, const float *values, size_t values_stride, const float *z,
    const float *direct, size_t z_stride, double *sums) {
    for (size_t row = 0; row < rows; row++) sums[row] = 0;
    for (size_t row = 0; row < rows; row += 16) {
        mixed_block(
            variables, rows - row < 16 ? rows - row : 16, values + row * values_stride, values_stride,
            z + row * z_stride, direct ? direct + row * z_stride : NULL, z_stride, sums + row, NULL);
    }
}

static void mixed_surprisals(
    const staircase_variables *variables, size_t rows, const float *values, size_t values_stride, const float *z,
    const float *direct, size_t z_stride, float *surprisals) {
    for (size_t row = 0; row < rows; row += 16) {
        mixed_block(
            variables, rows - row < 16 ? rows - row : 16, values + row * values_stride, values_stride,
            z + row * z_stride, direct ? direct + row * z_stride : NULL, z_stride, NULL,
            surprisals + row * variables->count);
    }
}

#endif
