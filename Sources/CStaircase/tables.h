#ifndef MADE_TABLES_H
#define MADE_TABLES_H

#include "CStaircase.h"

// The same sources compiled for each instruction set; only staircase.c chooses among them.
extern const staircase_kernels staircase_portable;
#if defined(__x86_64__)
extern const staircase_kernels staircase_avx2;
extern const staircase_kernels staircase_avx512;
#endif

#endif
