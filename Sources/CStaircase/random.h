// Philox 4x32-10 (Salmon et al. 2011), sixteen counters at a time.

#ifndef MADE_RANDOM_H
#define MADE_RANDOM_H

#include "lanes.h"

typedef uint32_t words __attribute__((ext_vector_type(16)));
typedef uint64_t products __attribute__((ext_vector_type(16)));

INLINE void round_of(words counter[4], uint32_t key0, uint32_t key1) {
    products first = __builtin_convertvector(counter[0], products) * 0xD2511F53u;
    products second = __builtin_convertvector(counter[2], products) * 0xCD9E8D57u;
    counter[0] = __builtin_convertvector(second >> 32, words) ^ counter[1] ^ key0;
    counter[1] = __builtin_convertvector(second, words);
    counter[2] = __builtin_convertvector(first >> 32, words) ^ counter[3] ^ key1;
    counter[3] = __builtin_convertvector(first, words);
}

static void uniforms(
    uint64_t seed, uint64_t draw, uint32_t stream, size_t count, float *uniforms, size_t uniform_stride) {
    for (size_t first = 0; first < count; first += 64) {
        words counter[4] = {
            (words)lane_numbers() + (uint32_t)(first / 4), (words)(uint32_t)draw, (words)(uint32_t)(draw >> 32), (words)stream};
        uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
        for (int i = 0; i < 10; i++) {
            round_of(counter, key0, key1);
            key0 += 0x9E3779B9u;
            key1 += 0xBB67AE85u;
        }
        float numbers[4][16];
        for (int word = 0; word < 4; word++) {
            lanes number = __builtin_convertvector(counter[word] >> 8, lanes) + splat(0.5f);
            store(numbers[word], number * splat(0x1p-24f));
        }
        size_t end = count - first < 64 ? count - first : 64;
        for (size_t i = 0; i < end; i++) uniforms[(first + i) * uniform_stride] = numbers[i % 4][i / 4];
    }
}

#endif
