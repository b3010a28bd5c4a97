#ifndef MADE_MICROHTTPD_SHIM_H
#define MADE_MICROHTTPD_SHIM_H
#include <microhttpd.h>
#endif
