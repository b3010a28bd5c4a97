#ifndef CPAGE_H
#define CPAGE_H

#include <stddef.h>

/* A file of the web pages, as it lies in the folder `files`. */
struct cpage_file {
    const char *name;
    const unsigned char *bytes;
    size_t count;
};

/* All files, `*count` of them; they live as long as the program. */
const struct cpage_file *cpage_files(size_t *count);

#endif
