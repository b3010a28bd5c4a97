#include <zlib.h>

/* inflateInit2 is a macro, which Swift does not see. 15 is the largest window, 16 more means gzip's header and trailer. */
static inline int czlib_start_gzip(z_stream *stream)
{
    return inflateInit2(stream, 15 + 16);
}
