#ifndef MADE_ROW_SCANNER_H
#define MADE_ROW_SCANNER_H
#include <stddef.h>
#endif
