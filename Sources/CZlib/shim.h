#include <zlib.h>

/* These are macros, which Swift does not see. 15 is the largest window, 16 more means gzip's header and trailer; 8 is the
   usual memory. */
static inline int czlib_start_gunzip(z_stream *stream)
{
    return inflateInit2(stream, 15 + 16);
}

static inline int czlib_start_gzip(z_stream *stream, int level)
{
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
