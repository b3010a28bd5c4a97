#include <gnutls/gnutls.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

/* gnutls_free is a variable, which Swift 6 lets nobody read. */
static inline void cgnutls_free(void *memory)
{
    gnutls_free(memory);
}
