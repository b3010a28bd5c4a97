// What training does to every parameter and to every hidden unit.

#ifndef MADE_TRAINING_H
#define MADE_TRAINING_H

#include "lanes.h"

// Squares that are added in single precision.
enum { SQUARES_PIECE = 4096 };

// One step of sixteen parameters; the moments are replaced.
INLINE lanes adam_stepped(const staircase_adam *adam, lanes parameter, lanes slope, lanes *mean, lanes *variance) {
    slope *= splat(adam->gradient_scale);
    *mean = fused(slope - *mean, splat(adam->mean_share), *mean);
    *variance = fused(fused(slope, slope, -*variance), splat(adam->variance_share), *variance);
    lanes root = __builtin_elementwise_sqrt(*variance * splat(adam->variance_correction));
    lanes move = *mean * splat(adam->rate) / (root + splat(adam->epsilon));
    lanes moved = fused(parameter, splat(adam->kept), -move);
    lanes size = absolute(moved) - splat(adam->threshold);
    size = at_least(size, splat(0));
    return moved < splat(0) ? -size : size;
}

static void adam_step(
    const staircase_adam *adam, size_t count, float *parameters, const float *gradient, float *means, float *variances,
    float *averages) {
    const lanes share = splat(adam->average_share);
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        lanes mean = load(means + i), variance = load(variances + i);
        const lanes stepped = adam_stepped(adam, load(parameters + i), load(gradient + i), &mean, &variance);
        const lanes average = load(averages + i);
        store(parameters + i, stepped);
        store(averages + i, fused(stepped - average, share, average));
        store(means + i, mean);
        store(variances + i, variance);
    }
    if (i == count) return;
    const integers is_own = lane_numbers() < (integers)(int32_t)(count - i);
    const lanes parameter = load(parameters + i), average = load(averages + i);
    const lanes old_mean = load(means + i), old_variance = load(variances + i);
    lanes mean = old_mean, variance = old_variance;
    const lanes stepped = adam_stepped(adam, parameter, load(gradient + i), &mean, &variance);
    store(parameters + i, is_own ? stepped : parameter);
    store(averages + i, is_own ? fused(stepped - average, share, average) : average);
    store(means + i, is_own ? mean : old_mean);
    store(variances + i, is_own ? variance : old_variance);
}

static double squares(size_t count, const float *numbers) {
    double sum = 0;
    for (size_t first = 0; first < count; first += SQUARES_PIECE) {
        const size_t end = count - first < SQUARES_PIECE ? count : first + SQUARES_PIECE;
        // Four chains, that need not wait for each other.
        lanes sums[4] = {splat(0), splat(0), splat(0), splat(0)};
        size_t i = first;
        for (; i + 64 <= end; i += 64) {
            UNROLLED for (size_t part = 0; part < 4; part++) {
                const lanes value = load(numbers + i + part * 16);
                sums[part] = fused(value, value, sums[part]);
            }
        }
        for (; i < end; i += 16) {
            const lanes value = end - i < 16 ? load_first(numbers + i, end - i, 0) : load(numbers + i);
            sums[0] = fused(value, value, sums[0]);
        }
        sum += total((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    return sum;
}

#endif
