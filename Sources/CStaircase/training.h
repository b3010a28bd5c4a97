// What training does to every parameter and to every hidden unit.

#ifndef MADE_TRAINING_H
#define MADE_TRAINING_H

#include "lanes.h"

// One step of sixteen parameters; the moments are replaced.
INLINE lanes adam_stepped(const staircase_adam *adam, lanes parameter, lanes slope, lanes *mean, lanes *variance) {
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
    const staircase_adam *adam, size_t count, float *parameters, const float *gradient, float *means, float *variances) {
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        lanes mean = load(means + i), variance = load(variances + i);
        store(parameters + i, adam_stepped(adam, load(parameters + i), load(gradient + i), &mean, &variance));
        store(means + i, mean);
        store(variances + i, variance);
    }
    if (i == count) return;
    size_t bytes = (count - i) * sizeof(float);
    lanes mean = load_first(means + i, count - i, 0), variance = load_first(variances + i, count - i, 0);
    float some[3][16];
    store(some[0], adam_stepped(
        adam, load_first(parameters + i, count - i, 0), load_first(gradient + i, count - i, 0), &mean, &variance));
    store(some[1], mean);
    store(some[2], variance);
    __builtin_memcpy(parameters + i, some[0], bytes);
    __builtin_memcpy(means + i, some[1], bytes);
    __builtin_memcpy(variances + i, some[2], bytes);
}

#endif
