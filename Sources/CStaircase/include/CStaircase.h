#ifndef MADE_STAIRCASE_H
#define MADE_STAIRCASE_H
#include <stddef.h>
#endif
