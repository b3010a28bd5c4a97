// Activations and residual sums, and the log-likelihood and surprisals of binary variables.

#ifndef MADE_BERNOULLI_H
#define MADE_BERNOULLI_H

#include "lanes.h"

INLINE lanes activated(staircase_activation activation, lanes x) {
    const lanes zero = splat(0), one = splat(1);
    lanes e;
    switch (activation) {
    case STAIRCASE_RELU:
        return at_most(at_least(x, zero), splat(3.40282347e38f));
    case STAIRCASE_ELU:
        return x > zero ? at_most(x, splat(3.40282347e38f)) : expm1_negative(x);
    case STAIRCASE_TANH:
        e = expm1_negative(absolute(x) * splat(-2));
        e = -e / (e + splat(2));
        return x < zero ? -e : e;
    case STAIRCASE_SIGMOID:
        e = exp_negative(-absolute(x));
        return (x < zero ? e : one) / (one + e);
    }
}

// Where sixteens of columns first ..< end begin. A row's sums are stored by panels, and a load that takes from two stores
// just done has to wait for both, so a single row is taken by panels too; of many, each has waited for the others.
INLINE size_t first_sixteen(size_t rows, size_t first) { return rows == 1 ? first / 16 * 16 : first; }

INLINE bool is_whole(size_t column, size_t first, size_t end) { return column >= first && column + 16 <= end; }

// Which of the sixteen columns from `column` on are among first ..< end.
INLINE integers columns_among(size_t column, size_t first, size_t end) {
    return lane_numbers() >= (int32_t)first - (int32_t)column & lane_numbers() < (int32_t)end - (int32_t)column;
}

INLINE void activate_columns(
    staircase_activation activation, size_t rows, float *y, size_t y_stride, size_t first, size_t end) {
    const size_t start = first_sixteen(rows, first);
    for (size_t row = 0; row < rows; row++) {
        for (size_t column = start < first ? start + 16 : start; is_whole(column, first, end); column += 16) {
            float *at = y + row * y_stride + column;
            store(at, activated(activation, load(at)));
        }
    }
    for (size_t column = start; column < end; column += 16) {
        if (is_whole(column, first, end)) continue;
        const integers among = columns_among(column, first, end);
        for (size_t row = 0; row < rows; row++) {
            float *at = y + row * y_stride + column;
            lanes before = load(at);
            store(at, among ? activated(activation, before) : before);
        }
    }
}

static void activate(
    staircase_activation activation, size_t rows, float *y, size_t y_stride, size_t first, size_t end) {
    switch (activation) {
    case STAIRCASE_RELU: activate_columns(STAIRCASE_RELU, rows, y, y_stride, first, end); break;
    case STAIRCASE_ELU: activate_columns(STAIRCASE_ELU, rows, y, y_stride, first, end); break;
    case STAIRCASE_TANH: activate_columns(STAIRCASE_TANH, rows, y, y_stride, first, end); break;
    case STAIRCASE_SIGMOID: activate_columns(STAIRCASE_SIGMOID, rows, y, y_stride, first, end); break;
    }
}

static void add(size_t rows, const float *x, size_t x_stride, float *y, size_t y_stride, size_t first, size_t end) {
    const lanes bound = splat(3.40282347e38f);
    const size_t start = first_sixteen(rows, first);
    for (size_t row = 0; row < rows; row++, x += x_stride, y += y_stride) {
        for (size_t column = start; column < end; column += 16) {
            lanes before = load(y + column);
            lanes sum = at_most(at_least(before + load(x + column), -bound), bound);
            store(y + column, columns_among(column, first, end) ? sum : before);
        }
    }
}

// log p = min(s, 0) - log(1 + e^-|s|), with s the logit of the value that x has. The bound keeps sums finite.
INLINE lanes signed_logits(lanes x, lanes z) {
    lanes s = fused(x, splat(2), splat(-1)) * z;
    return at_most(at_least(s, splat(-1e30f)), splat(1e30f));
}

// The signed logits of variables v ..< v + 16; those past the last variable are as certain as any, 1e-38.
INLINE lanes signed_logits_at(size_t v, size_t variables, const float *x, const float *z, const float *direct) {
    size_t count = variables - v;
    lanes values, logits;
    if (count >= 16) {
        values = load(x + v);
        logits = load(z + v);
        if (direct) logits += load(direct + v);
    } else {
        values = load_first(x + v, count, 1);
        logits = load_first(z + v, count, 1e30f);
        if (direct) logits += load_first(direct + v, count, 0);
    }
    return signed_logits(values, logits);
}

static void log_likelihood(
    size_t rows, size_t variables, const float *x, size_t x_stride, const float *z, const float *direct, size_t z_stride,
    double *sums) {
    // Factors (1 + e) <= 2 of one lane that are multiplied before a logarithm is taken: 2^64 is far from overflow.
    const size_t factors = 64;
    for (size_t row = 0; row < rows; row++) {
        double sum = 0;
        for (size_t first = 0; first < variables; first += factors * 16) {
            size_t end = first + factors * 16 < variables ? first + factors * 16 : variables;
            lanes linear = splat(0);
            // The product of the (1 + e), less 1: so that small e are not rounded away.
            lanes product = splat(0);
            for (size_t v = first; v < end; v += 16) {
                lanes s = signed_logits_at(v, variables, x, z, direct);
                lanes e = exp_negative(-absolute(s));
                linear += at_most(s, splat(0));
                product = fused(product, e, product + e);
            }
            sum += total(linear - log1p_positive(product));
        }
        sums[row] = sum;
        x += x_stride;
        z += z_stride;
        if (direct) direct += z_stride;
    }
}

static void surprisals(
    size_t rows, size_t variables, const float *x, size_t x_stride, const float *z, const float *direct, size_t z_stride,
    float *surprisals) {
    for (size_t row = 0; row < rows; row++) {
        for (size_t v = 0; v < variables; v += 16) {
            lanes s = signed_logits_at(v, variables, x, z, direct);
            lanes surprisal = log1p_positive(exp_negative(-absolute(s))) - at_most(s, splat(0));
            if (variables - v >= 16) {
                store(surprisals + v, surprisal);
            } else {
                float some[16];
                store(some, surprisal);
                __builtin_memcpy(surprisals + v, some, (variables - v) * sizeof(float));
            }
        }
        x += x_stride;
        z += z_stride;
        surprisals += variables;
        if (direct) direct += z_stride;
    }
}

#endif
