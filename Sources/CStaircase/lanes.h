// Sixteen floats at a time, as vector extensions: one zmm, two ymm, or four NEON registers, by the target of the file that
// includes this. Everything here has the same bits on all targets with fused multiply-add.

#ifndef MADE_LANES_H
#define MADE_LANES_H

#include "CStaircase.h"

// Vectors wider than a register of the target have no stable calling convention; nothing here is called across files.
#pragma clang diagnostic ignored "-Wpsabi"
// Contraction is written out as `fused`: what the compiler would fuse differs by target.
#pragma STDC FP_CONTRACT OFF

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((ext_vector_type(16)));
typedef int32_t integers __attribute__((ext_vector_type(16)));
typedef _Float16 half_lanes __attribute__((ext_vector_type(16)));
typedef uint16_t half_bits __attribute__((ext_vector_type(16)));
typedef bool flags __attribute__((ext_vector_type(16)));
typedef double wide __attribute__((ext_vector_type(8)));

INLINE lanes splat(float value) { return (lanes)(value); }

INLINE lanes load(const float *from) {
    lanes value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}

// Sixteen finite binary16 numbers, exactly.
INLINE lanes load_halves(const uint16_t *from) {
#if HAS_HALVES
    half_lanes value;
    __builtin_memcpy(&value, from, sizeof value);
    return __builtin_convertvector(value, lanes);
#else
    half_bits value;
    __builtin_memcpy(&value, from, sizeof value);
    integers bits = __builtin_convertvector(value, integers);
    // Exponent and fraction in their places, the exponent's bias 112 too small; a product with a power of 2 is exact, of a
    // number below 2^-14 too, whose exponent is 0 in both formats.
    lanes magnitude = (lanes)((bits & 0x7fff) << 13) * splat(0x1p112f);
    return (lanes)((integers)magnitude | (bits & 0x8000) << 16);
#endif
}

INLINE void store(float *to, lanes value) { __builtin_memcpy(to, &value, sizeof value); }

INLINE integers lane_numbers(void) { return (integers){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

// The first `count` < 16 floats, `rest` beyond: for the end of a row, behind which there may be no memory.
INLINE lanes load_first(const float *from, size_t count, float rest) {
    float value[16];
    for (size_t lane = 0; lane < 16; lane++) value[lane] = lane < count ? from[lane] : rest;
    return load(value);
}

// from[0], from[stride], …: `count` <= 16 of them, zeros beyond.
INLINE lanes gather(const float *from, size_t stride, size_t count) {
    if (count == 16) {
        // Sixteen stores of one float and a load of all would wait for each other.
        return (lanes){
            from[0],           from[stride],      from[2 * stride],  from[3 * stride],
            from[4 * stride],  from[5 * stride],  from[6 * stride],  from[7 * stride],
            from[8 * stride],  from[9 * stride],  from[10 * stride], from[11 * stride],
            from[12 * stride], from[13 * stride], from[14 * stride], from[15 * stride]};
    }
    float value[16] = {0};
    for (size_t lane = 0; lane < count; lane++) value[lane] = from[lane * stride];
    return load(value);
}

INLINE lanes fused(lanes a, lanes b, lanes c) {
#if HAS_FUSED
    return __builtin_elementwise_fma(a, b, c);
#else
    return a * b + c;
#endif
}

// In both, a NaN gives the bound.
INLINE lanes at_least(lanes value, lanes bound) { return value > bound ? value : bound; }
INLINE lanes at_most(lanes value, lanes bound) { return value < bound ? value : bound; }

// Bit `lane` is set where the lane is true, of what a comparison gives.
INLINE uint32_t bits_of(integers truths) {
    flags set = __builtin_convertvector(truths, flags);
    uint16_t bits;
    __builtin_memcpy(&bits, &set, sizeof bits);
    return bits;
}

INLINE lanes absolute(lanes value) { return (lanes)((integers)value & 0x7fffffff); }

typedef struct {
    lanes scale;
    lanes remainder;
} exponential;

// e^x as scale * (1 + remainder), for x <= 0; below -87.3 the smallest normal number.
// x = n ln 2 + r with |r| <= ln 2 / 2; the polynomial is the minimax one for (e^r - 1 - r) / r^2, error 3e-9.
INLINE exponential reduced_exponential(lanes x) {
    const lanes magic = splat(0x1.8p23f);
    x = at_least(x, splat(-87.3f));
    lanes shifted = fused(x, splat(0x1.715476p0f), magic);
    lanes n = shifted - magic;
    lanes r = fused(n, splat(-0x1.63p-1f), x);
    r = fused(n, splat(0x1.bd0106p-13f), r);
    lanes p = splat(0.00139504916f);
    p = fused(p, r, splat(0.0083688898f));
    p = fused(p, r, splat(0.041666206f));
    p = fused(p, r, splat(0.166665182f));
    p = fused(p, r, splat(0.5f));
    integers exponent = ((integers)shifted + 127) << 23;
    return (exponential){(lanes)exponent, fused(p, r * r, r)};
}

// e^x for x <= 0.
INLINE lanes exp_negative(lanes x) {
    exponential e = reduced_exponential(x);
    return fused(e.scale, e.remainder, e.scale);
}

// e^x - 1 for x <= 0, to a relative error: no cancellation near 0.
INLINE lanes expm1_negative(lanes x) {
    exponential e = reduced_exponential(x);
    return fused(e.scale, e.remainder, e.scale - splat(1));
}

// log(u + rounded * u) for u > 0, with `rounded` far below 1.
// u = 2^n (1 + f) with 1 + f in [sqrt 1/2, sqrt 2]; minimax polynomial for (log(1+f) - f + f^2/2) / f^3, error 7e-9.
INLINE lanes logarithm(lanes u, lanes rounded) {
    integers bits = (integers)u - 0x3f3504f3;
    lanes n = __builtin_convertvector(bits >> 23, lanes);
    lanes f = (lanes)((bits & 0x7fffff) + 0x3f3504f3) - splat(1);
    lanes p = splat(0.086721912f);
    p = fused(p, f, splat(-0.143790141f));
    p = fused(p, f, splat(0.149779946f));
    p = fused(p, f, splat(-0.165644243f));
    p = fused(p, f, splat(0.199548751f));
    p = fused(p, f, splat(-0.250016987f));
    p = fused(p, f, splat(0.333341658f));
    lanes square = f * f;
    lanes rest = fused(p * f, square, rounded);
    rest = fused(n, splat(-0x1.bd0106p-13f), rest);
    rest = fused(square, splat(-0.5f), rest);
    return fused(n, splat(0x1.63p-1f), rest + f);
}

// log(1 + q) for q >= 0, to a relative error also where 1 + q rounds q away.
INLINE lanes log1p_positive(lanes q) {
    lanes u = q + splat(1);
    return logarithm(u, (q - (u - splat(1))) / u);
}

// The sum of all lanes, always in the same order.
INLINE double total(lanes value) {
    wide sum = __builtin_convertvector(value.lo, wide) + __builtin_convertvector(value.hi, wide);
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

#endif
