// Philox 4x32-10 (Salmon et al. 2011), sixteen counters at a time.

#ifndef MADE_RANDOM_H
#define MADE_RANDOM_H

#include "lanes.h"

typedef uint32_t words __attribute__((ext_vector_type(16)));
// A word each in the low half: what multiplies 32 by 32 bits takes it from there.
typedef uint64_t halves __attribute__((ext_vector_type(16)));

INLINE void round_of(halves counter[4], uint64_t key0, uint64_t key1) {
    const halves low = (halves)(uint64_t)0xFFFFFFFF;
    halves first = (counter[0] & low) * (halves)(uint64_t)0xD2511F53;
    halves second = (counter[2] & low) * (halves)(uint64_t)0xCD9E8D57;
    counter[0] = second >> 32 ^ counter[1] ^ (halves)key0;
    counter[1] = second;
    counter[2] = first >> 32 ^ counter[3] ^ (halves)key1;
    counter[3] = first;
}

static void uniforms(
    uint64_t seed, uint64_t draw, uint32_t stream, size_t count, float *uniforms, size_t uniform_stride) {
    for (size_t first = 0; first < count; first += 64) {
        halves counter[4] = {
            __builtin_convertvector((words)lane_numbers(), halves) + (halves)(uint64_t)(first / 4),
            (halves)(uint64_t)(uint32_t)draw, (halves)(draw >> 32), (halves)(uint64_t)stream};
        uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
        for (int i = 0; i < 10; i++) {
            round_of(counter, key0, key1);
            key0 += 0x9E3779B9u;
            key1 += 0xBB67AE85u;
        }
        float numbers[4][16];
        for (int word = 0; word < 4; word++) {
            lanes number = __builtin_convertvector(__builtin_convertvector(counter[word], words) >> 8, lanes) + splat(0.5f);
            store(numbers[word], number * splat(0x1p-24f));
        }
        size_t end = count - first < 64 ? count - first : 64;
        for (size_t i = 0; i < end; i++) uniforms[(first + i) * uniform_stride] = numbers[i % 4][i / 4];
    }
}

#endif
