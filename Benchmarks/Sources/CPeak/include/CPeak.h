#ifndef MADE_PEAK_H
#define MADE_PEAK_H

#include <stdint.h>

/// Fused multiply-adds of single floats in a call of `peak_run` with one turn.
uint64_t peak_multiplications(void);

/// Multiplies and adds in registers alone, in the widest vectors of this processor, `turns` times over: as fast as any
/// kernel could. The result means nothing, but must be used.
float peak_run(uint64_t turns);

#endif
