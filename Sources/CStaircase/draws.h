// Draws of one variable, sixteen rows side by side.

#ifndef MADE_DRAWS_H
#define MADE_DRAWS_H

#include "bernoulli.h"

// The output units of one variable in at most sixteen rows.
typedef struct {
    const float *z;
    const float *direct;
    size_t stride;
    size_t rows;
} output_units;

// Unit k of all rows; the bound keeps differences finite.
INLINE lanes unit_at(const output_units *units, size_t k) {
    lanes value = gather(units->z + k, units->stride, units->rows);
    if (units->direct) value += gather(units->direct + k, units->stride, units->rows);
    return at_most(at_least(value, splat(-1e30f)), splat(1e30f));
}

// The inverse of the cumulative softmax of units 0 ..< count: the first k at which e^z_0 + … + e^z_k reaches the uniform
// number's part of the whole sum. Both sums are the same chain, so that the last class reaches even a uniform number of 1.
INLINE integers chosen(const output_units *units, size_t count, float inverse_temperature, lanes uniform) {
    lanes peak = unit_at(units, 0);
    for (size_t k = 1; k < count; k++) peak = at_least(unit_at(units, k), peak);
    lanes whole = splat(0), sum = splat(0);
    for (size_t k = 0; k < count; k++) {
        whole += exp_negative((unit_at(units, k) - peak) * splat(inverse_temperature));
    }
    lanes part = whole * uniform;
    integers index = (integers)splat(0);
    for (size_t k = 0; k < count; k++) {
        sum += exp_negative((unit_at(units, k) - peak) * splat(inverse_temperature));
        index -= sum < part;
    }
    return index;
}

// The same, and where within the chosen part the uniform number lies: a uniform number of its own.
INLINE integers chosen_and_rest(
    const output_units *units, size_t count, float inverse_temperature, lanes uniform, lanes *rest) {
    lanes peak = unit_at(units, 0);
    for (size_t k = 1; k < count; k++) peak = at_least(unit_at(units, k), peak);
    lanes whole = splat(0), sum = splat(0), before = splat(0), size = splat(1);
    for (size_t k = 0; k < count; k++) {
        whole += exp_negative((unit_at(units, k) - peak) * splat(inverse_temperature));
    }
    lanes part = whole * uniform;
    integers index = (integers)splat(0);
    for (size_t k = 0; k < count; k++) {
        lanes term = exp_negative((unit_at(units, k) - peak) * splat(inverse_temperature));
        integers is_open = index == (int32_t)k;
        size = is_open ? term : size;
        before = is_open ? sum : before;
        sum += term;
        index -= sum < part;
    }
    lanes share = (part - before) / size;
    *rest = at_most(at_least(share, splat(0x1p-25f)), splat(1 - 0x1p-24f));
    return index;
}

// The standard normal's quantile of u in (0, 1), as x f(w) with x = 2u - 1, w = -log(1 - x^2): f is smooth to both ends
// (Giles 2010, "Approximating the erfinv function"). Minimax polynomials of f, in w - 2.5 below 5 and in sqrt(w) - 3 above;
// relative error 1e-7 each.
INLINE lanes normal_quantile(lanes u) {
    // A uniform number may be rounded to 1.
    u = at_most(u, splat(1 - 0x1p-24f));
    lanes x = fused(u, splat(2), splat(-1));
    // 1 - x^2 is no less than 2^-24; -log of it without cancellation near 0.
    lanes w = log1p_positive(x * x / ((splat(1) - x) * (u * splat(2))));
    lanes t = w - splat(2.5f);
    lanes central = splat(4.03546529526011e-08f);
    central = fused(central, t, splat(4.861039428760705e-07f));
    central = fused(central, t, splat(-4.990565230400534e-06f));
    central = fused(central, t, splat(-6.217992904566927e-06f));
    central = fused(central, t, splat(0.00030915020033717155f));
    central = fused(central, t, splat(-0.0017730101244524121f));
    central = fused(central, t, splat(-0.005908171180635691f));
    central = fused(central, t, splat(0.3488026559352875f));
    central = fused(central, t, splat(2.1233136653900146f));
    t = __builtin_elementwise_sqrt(w) - splat(3);
    lanes tail = splat(-0.0002259593893541023f);
    tail = fused(tail, t, splat(0.00011670011008391157f));
    tail = fused(tail, t, splat(0.0018275093752890825f));
    tail = fused(tail, t, splat(-0.0051711322739720345f));
    tail = fused(tail, t, splat(0.008153708651661873f));
    tail = fused(tail, t, splat(-0.010785137303173542f));
    tail = fused(tail, t, splat(0.013343158178031445f));
    tail = fused(tail, t, splat(1.4165812730789185f));
    tail = fused(tail, t, splat(4.006434440612793f));
    return x * (w < splat(5) ? central : tail);
}

static double number_of(const staircase_variable *variable, double t) {
    const double width = variable->linear_width;
    return width > 0 ? __builtin_copysign(width * __builtin_expm1(__builtin_fabs(t) / width), t) : t;
}

static double transformed(const staircase_variable *variable, double number) {
    const double width = variable->linear_width;
    return width > 0 ? __builtin_copysign(width * __builtin_log1p(__builtin_fabs(number) / width), number) : number;
}

// Of two that are as near, the lower one.
static double nearest_of_support(const staircase_variable *variable, double number) {
    const double *support = variable->support;
    size_t low = 0, high = variable->support_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (support[middle] < number) low = middle + 1;
        else high = middle;
    }
    if (low == variable->support_count) return support[low - 1];
    if (low == 0) return support[0];
    return number - support[low - 1] <= support[low] - number ? support[low - 1] : support[low];
}

// The draw u as a number of the data: of the variable's support, or on its grid and within its range, and encoded again.
//
// Rounded once, as a number's decimal digits are: 61 * 1 / 100 is the double of 0.61, 61 * 0.01 is not.
static float settled(const staircase_variable *variable, float u) {
    double number = number_of(variable, variable->centre + (double)u * variable->scale);
    if (variable->support_count > 0) {
        number = nearest_of_support(variable, number);
    } else if (variable->step_over > 0) {
        double steps = __builtin_rint(number * variable->step_under / variable->step_over);
        double nearest = steps * variable->step_over / variable->step_under;
        // A number whose steps are too many for a double has no digits that they would change.
        if (__builtin_isfinite(nearest)) number = nearest;
    }
    number = number < variable->minimum ? variable->minimum : number;
    number = number > variable->maximum ? variable->maximum : number;
    for (uint32_t k = 0; k < variable->outcome_count; k++) {
        if (variable->outcome_numbers[k] == number) return (float)(variable->first_outcome + k + 1) * STAIRCASE_OUTCOME;
    }
    double value = (transformed(variable, number) - variable->centre) * (1 / variable->scale);
    value = value > 1e30 ? 1e30 : value;
    // No negative zero.
    return (float)(value < -1e30 ? -1e30 : value) + 0.0f;
}

// A draw's numbers lie between these: the range, and half a step more on either side, which is rounded into it.
typedef struct {
    double low;
    double high;
} draw_range;

static draw_range encoded_range(const staircase_variable *variable) {
    const double margin = variable->step_over > 0 ? variable->step_over / variable->step_under / 2 : 0;
    double low = (transformed(variable, variable->minimum - margin) - variable->centre) / variable->scale;
    double high = (transformed(variable, variable->maximum + margin) - variable->centre) / variable->scale;
    return low < high ? (draw_range){low, high} : (draw_range){high, low};
}

// A uniform number whose quantile lies outside low ... high, in standard deviations, made one whose quantile lies within: what
// another draw from the Gaussian, given that it is within, would have. A number that is within stays as it is.
//
// Set to the nearest bound instead, all such draws would share one number, which hardly a row of the table has.
static float drawn_within(float uniform, double low, double high) {
    const double root = 0.70710678118654752;
    double below = __builtin_erfc(-low * root) / 2, above = __builtin_erfc(high * root) / 2;
    double rest = uniform < below ? uniform / below : uniform > 1 - above ? (1 - uniform) / above : -1;
    if (rest < 0) return uniform;
    double within = below + rest * (1 - above - below);
    return (float)(within < 0x1p-25 ? 0x1p-25 : within);
}

INLINE lanes drawn_category(
    const staircase_variable *variable, const output_units *units, float inverse_temperature, lanes uniform) {
    lanes label = __builtin_convertvector(chosen(units, variable->count, inverse_temperature, uniform), lanes);
    if (variable->outcome_count == 0) return label;
    return label < splat((float)variable->count - 1) ? label : splat(STAIRCASE_OUTCOME);
}

INLINE lanes drawn_number(
    const staircase_variable *variable, const output_units *units, float inverse_temperature, lanes uniform,
    lanes normal) {
    const lanes bound = splat(1e30f), most = splat(3.40282347e38f);
    const size_t count = variable->count;
    integers component = chosen(units, count, inverse_temperature, uniform);
    float means[16] = {0}, spreads[16] = {0};
    for (size_t lane = 0; lane < units->rows; lane++) {
        size_t unit = lane * units->stride + count + (size_t)component[lane];
        means[lane] = units->z[unit] + (units->direct ? units->direct[unit] : 0);
        spreads[lane] = units->z[unit + count] + (units->direct ? units->direct[unit + count] : 0);
    }
    lanes mean = at_most(at_least(load(means), -bound), bound);
    lanes s = at_most(at_least(load(spreads), -bound), bound);
    // log(1 + e^s) = max(s, 0) + log(1 + e^-|s|).
    lanes sigma = log1p_positive(exp_negative(-absolute(s))) + at_least(s, splat(0)) + splat(variable->scale_floor);
    sigma *= __builtin_elementwise_sqrt(splat(1) / splat(inverse_temperature));
    float draws[16], sigmas[16], uniforms[16];
    store(draws, at_most(at_least(fused(sigma, normal_quantile(normal), mean), -most), most));
    const draw_range range = encoded_range(variable);
    bool is_any_outside = false;
    for (size_t lane = 0; lane < units->rows; lane++) {
        is_any_outside |= draws[lane] < range.low || draws[lane] > range.high;
    }
    if (is_any_outside) {
        store(means, mean);
        store(sigmas, sigma);
        store(uniforms, normal);
        for (size_t lane = 0; lane < units->rows; lane++) {
            uniforms[lane] = drawn_within(
                uniforms[lane], (range.low - means[lane]) / sigmas[lane], (range.high - means[lane]) / sigmas[lane]);
        }
        store(draws, at_most(at_least(fused(sigma, normal_quantile(load(uniforms)), mean), -most), most));
    }
    for (size_t lane = 0; lane < units->rows; lane++) draws[lane] = settled(variable, draws[lane]);
    return load(draws);
}

INLINE lanes drawn_real(
    const staircase_variable *variable, const output_units *units, float inverse_temperature, lanes uniform,
    lanes normal) {
    const size_t count = variable->outcome_count;
    if (count == 0) return drawn_number(variable, units, inverse_temperature, uniform, normal);
    lanes rest;
    integers outcome = chosen_and_rest(units, count + 1, inverse_temperature, uniform, &rest);
    output_units mixture = *units;
    mixture.z += count + 1;
    if (mixture.direct) mixture.direct += count + 1;
    lanes number = drawn_number(variable, &mixture, inverse_temperature, rest, normal);
    lanes value = __builtin_convertvector(outcome, lanes) + splat((float)variable->first_outcome + 1);
    return outcome < (int32_t)count ? value * splat(STAIRCASE_OUTCOME) : number;
}

// The standard logistic distribution's quantile log(u / (1 - u)) of u in (0, 1), to an absolute error: u < 1 / (1 + e^-z)
// where it is below z.
INLINE lanes logistic_quantile(lanes u) {
    // A uniform number may be rounded to 1.
    u = at_most(u, splat(1 - 0x1p-24f));
    return logarithm(u / (splat(1) - u), splat(0));
}

// Replaces `count` uniform numbers by their logistic quantiles; 15 floats after them are read, and keep their values.
static void make_logistic(size_t count, float *numbers) {
    for (size_t first = 0; first < count; first += 16) {
        lanes uniforms = load(numbers + first);
        lanes quantiles = logistic_quantile(uniforms);
        store(numbers + first, lane_numbers() < (int32_t)(count - first) ? quantiles : uniforms);
    }
}

// `logistics` are the logistic quantiles of uniform numbers.
INLINE void draw_binary(
    size_t rows, const float *z, const float *direct, size_t z_stride, float inverse_temperature, const float *logistics,
    float *x, size_t x_stride) {
    if (rows == 1) {
        // Nothing to gather.
        *x = (*z + (direct ? *direct : 0)) * inverse_temperature > *logistics ? 1 : 0;
        return;
    }
    for (size_t row = 0; row < rows; row += 16) {
        size_t count = rows - row < 16 ? rows - row : 16;
        lanes logits = gather(z + row * z_stride, z_stride, count);
        if (direct) logits += gather(direct + row * z_stride, z_stride, count);
        lanes bounds = count == 16 ? load(logistics + row) : load_first(logistics + row, count, 0);
        float values[16];
        store(values, logits * splat(inverse_temperature) > bounds ? splat(1) : splat(0));
        for (size_t lane = 0; lane < count; lane++) x[(row + lane) * x_stride] = values[lane];
    }
}

// Of a category or a real value; `normals` is NULL for a category.
static void draw_mixed(
    const staircase_variable *variable, size_t rows, const float *z, const float *direct, size_t z_stride,
    float inverse_temperature, const float *uniforms, const float *normals, float *x, size_t x_stride) {
    for (size_t row = 0; row < rows; row += 16) {
        size_t some = rows - row < 16 ? rows - row : 16;
        output_units units = {z + row * z_stride, direct ? direct + row * z_stride : NULL, z_stride, some};
        lanes uniform = some == 16 ? load(uniforms + row) : load_first(uniforms + row, some, 0);
        float values[16];
        if (variable->kind == STAIRCASE_CATEGORICAL) {
            store(values, drawn_category(variable, &units, inverse_temperature, uniform));
        } else {
            lanes normal = some == 16 ? load(normals + row) : load_first(normals + row, some, 0.5f);
            store(values, drawn_real(variable, &units, inverse_temperature, uniform, normal));
        }
        for (size_t lane = 0; lane < some; lane++) x[(row + lane) * x_stride] = values[lane];
    }
}

#endif
