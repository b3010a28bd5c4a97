#ifndef MADE_CFUZZER_H
#define MADE_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// libFuzzer's loop, as LLVM documents it: calls `test` with one input after the other until its time is over.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *data, size_t size));

#endif
