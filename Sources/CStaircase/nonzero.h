// The inputs of a product of few rows that are not 0 in all of them: the weights of the others need not be read.
//
// Weights of few rows come from a cache far away, each used once. A ReLU leaves about half of the inputs 0, and binary
// rows are often mostly zeros.

#ifndef MADE_NONZERO_H
#define MADE_NONZERO_H

#include "lanes.h"

// Inputs of one piece of a product of few rows: so that the list lies on the stack.
enum { LISTED_MAX = 2048 };

// Inputs whose weights a tile of few rows asks for ahead of their use: the processor's own guesses come too late, or do not
// skip what is left out.
enum { AHEAD = 8 };

typedef struct {
    size_t count;
    // The inputs, counted from the piece's first, ascending; then AHEAD times the last one again.
    uint32_t inputs[LISTED_MAX + 16 + AHEAD];
    // Of each 16 inputs: which are listed, and how many before them are.
    uint16_t masks[LISTED_MAX / 16 + 1];
    uint16_t ranks[LISTED_MAX / 16 + 1];
} nonzero_list;

// Writes `first` + the place of each bit of the 16 of `mask`, and as many numbers beyond as make 16; returns the number of
// bits.
#ifndef HAS_STORE_PLACES
INLINE size_t store_places(uint32_t *to, uint32_t mask, uint32_t first) {
    size_t count = 0;
    UNROLLED for (uint32_t place = 0; place < 16; place++) {
        to[count] = first + place;
        count += mask >> place & 1;
    }
    return count;
}
#endif

// Lists inputs 0 ..< count <= LISTED_MAX of `rows` rows.
INLINE void list_nonzero(nonzero_list *list, size_t rows, size_t count, const float *x, size_t x_stride) {
    size_t listed = 0, block = 0;
    for (size_t first = 0; first < count; first += 16, block++) {
        integers truths = (integers)splat(0);
        for (size_t row = 0; row < rows; row++) {
            const float *from = x + row * x_stride + first;
            truths |= (count - first < 16 ? load_first(from, count - first, 0) : load(from)) != splat(0);
        }
        uint32_t mask = bits_of(truths);
        list->masks[block] = (uint16_t)mask;
        list->ranks[block] = (uint16_t)listed;
        listed += store_places(list->inputs + listed, mask, (uint32_t)first);
    }
    list->masks[block] = 0;
    list->ranks[block] = (uint16_t)listed;
    list->count = listed;
    for (size_t i = 0; i < AHEAD; i++) list->inputs[listed + i] = listed > 0 ? list->inputs[listed - 1] : 0;
}

// How many of inputs 0 ..< end are listed.
INLINE size_t listed_before(const nonzero_list *list, size_t end) {
    uint32_t before = list->masks[end / 16] & ((1u << end % 16) - 1);
    return list->ranks[end / 16] + (size_t)__builtin_popcount(before);
}

#endif
