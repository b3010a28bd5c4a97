// The losses of a mixture of Gaussians and of a softmax, and their derivatives, for training.

#ifndef MADE_MIXTURE_GRADIENT_H
#define MADE_MIXTURE_GRADIENT_H

#include "lanes.h"

// What sixteen rows' outputs say of one component.
typedef struct {
    lanes logit;
    // (u - mean) / sigma.
    lanes distance;
    // 1 / sigma.
    lanes precision;
    // d sigma / d spread: the logistic function of the spread.
    lanes slope;
} mixture_component;

INLINE mixture_component mixture_component_at(
    const float *z, size_t z_stride, size_t count, size_t components, float floor, lanes u) {
    lanes spread = gather(z + 2 * components, z_stride, count);
    lanes e = exp_negative(-absolute(spread));
    lanes sigma = splat(floor) + (at_least(spread, splat(0)) + log1p_positive(e));
    lanes precision = splat(1) / sigma;
    // The bound keeps squares finite; a distance beyond it is as good as any.
    lanes distance = (u - gather(z + components, z_stride, count)) * precision;
    distance = at_most(at_least(distance, splat(-1e15f)), splat(1e15f));
    lanes slope = (spread < splat(0) ? e : splat(1)) / (splat(1) + e);
    return (mixture_component){gather(z, z_stride, count), distance, precision, slope};
}

INLINE void scatter(float *to, size_t stride, size_t count, lanes value) {
    float values[16];
    store(values, value);
    for (size_t lane = 0; lane < count; lane++) to[lane * stride] = values[lane];
}

// Sixteen rows or fewer: rows are the lanes.
INLINE void mixture_gradient_rows(
    size_t count, size_t components, float floor, float share, const float *u, size_t u_stride, float *z, size_t z_stride,
    float *nats) {
    mixture_component parts[STAIRCASE_GAUSSIANS_MAX];
    lanes value = gather(u, u_stride, count);
    integers known = value == value;
    value = known ? value : splat(0);
    lanes logit_peak = splat(-3e38f), peak = splat(-3e38f);
    for (size_t k = 0; k < components; k++) {
        mixture_component part = mixture_component_at(z + k, z_stride, count, components, floor, value);
        parts[k] = part;
        logit_peak = at_least(part.logit, logit_peak);
        peak = at_least(fused(part.distance * part.distance, splat(-0.5f), part.logit), peak);
    }
    // The softmax's terms and the joint density's, each over its largest: no sum overflows or is 0.
    lanes weights[STAIRCASE_GAUSSIANS_MAX], densities[STAIRCASE_GAUSSIANS_MAX];
    lanes weight_sum = splat(0), density_sum = splat(0);
    for (size_t k = 0; k < components; k++) {
        mixture_component part = parts[k];
        weights[k] = exp_negative(part.logit - logit_peak);
        lanes joint = fused(part.distance * part.distance, splat(-0.5f), part.logit);
        densities[k] = exp_negative(joint - peak) * part.precision;
        weight_sum += weights[k];
        density_sum += densities[k];
    }
    lanes loss = (logarithm(weight_sum, splat(0)) + logit_peak) - (logarithm(density_sum, splat(0)) + peak) + splat(0.918938533f);
    scatter(nats, 1, count, known ? loss : splat(0));
    lanes portion = known ? splat(share) : splat(0);
    lanes weight_portion = portion / weight_sum, density_portion = portion / density_sum;
    for (size_t k = 0; k < components; k++) {
        mixture_component part = parts[k];
        lanes blame = densities[k] * density_portion;
        lanes pull = blame * part.precision;
        scatter(z + k, z_stride, count, fused(weights[k], weight_portion, -blame));
        scatter(z + components + k, z_stride, count, -pull * part.distance);
        lanes excess = splat(1) - part.distance * part.distance;
        scatter(z + 2 * components + k, z_stride, count, pull * excess * part.slope);
    }
}

static void mixture_gradient(
    size_t rows, size_t components, float floor, float share, const float *u, size_t u_stride, float *z, size_t z_stride,
    float *nats) {
    for (size_t row = 0; row < rows; row += 16) {
        size_t count = rows - row < 16 ? rows - row : 16;
        if (count == 16) {
            mixture_gradient_rows(
                16, components, floor, share, u + row * u_stride, u_stride, z + row * z_stride, z_stride, nats + row);
        } else {
            mixture_gradient_rows(
                count, components, floor, share, u + row * u_stride, u_stride, z + row * z_stride, z_stride, nats + row);
        }
    }
}

// Sixteen rows or fewer: rows are the lanes.
INLINE void softmax_gradient_rows(
    size_t count, size_t classes, float share, const float *labels, float *z, size_t z_stride, float *nats) {
    const lanes label = count == 16 ? load(labels) : load_first(labels, count, 0);
    const integers known = label == label;
    lanes peak = splat(-3e38f);
    for (size_t k = 0; k < classes; k++) peak = at_least(gather(z + k, z_stride, count), peak);
    lanes sum = splat(0), own = splat(0);
    for (size_t k = 0; k < classes; k++) {
        const lanes logit = gather(z + k, z_stride, count);
        const lanes weight = exp_negative(logit - peak);
        own = label == splat((float)k) ? logit : own;
        sum += weight;
        scatter(z + k, z_stride, count, weight);
    }
    const lanes loss = (peak - own) + logarithm(sum, splat(0));
    scatter(nats, 1, count, known ? loss : splat(0));
    const lanes portion = known ? splat(share) / sum : splat(0);
    for (size_t k = 0; k < classes; k++) {
        const lanes is_own = label == splat((float)k) ? splat(share) : splat(0);
        scatter(z + k, z_stride, count, gather(z + k, z_stride, count) * portion - is_own);
    }
}

static void softmax_gradient(
    size_t rows, size_t classes, float share, const float *labels, float *z, size_t z_stride, float *nats) {
    size_t row = 0;
    for (; row + 16 <= rows; row += 16) {
        softmax_gradient_rows(16, classes, share, labels + row, z + row * z_stride, z_stride, nats + row);
    }
    if (row < rows) {
        softmax_gradient_rows(rows - row, classes, share, labels + row, z + row * z_stride, z_stride, nats + row);
    }
}

#endif
