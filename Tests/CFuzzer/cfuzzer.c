#include "CFuzzer.h"

#include <stdlib.h>

// libFuzzer's own `main`, which does not run, refers to it.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)data;
    (void)size;
    abort();
}
