#ifndef MADE_MICROHTTPD_SHIM_H
#define MADE_MICROHTTPD_SHIM_H

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/eventfd.h>

/* What Swift cannot call: variadic functions behind a typed struct, and a logger that takes a va_list. */

/* Receives one line of libmicrohttpd's error log, without the final newline. */
typedef void (*mhd_shim_log_line)(void *context, const char *line);

/* What an event loop asks of its daemon. Must outlive the daemon: the logger reads it. */
struct mhd_shim_settings {
    unsigned connection_count_max;
    size_t connection_memory_bytes;
    unsigned idle_seconds_max;
    void *context; /* first argument of every callback */
    MHD_AccessHandlerCallback handle;
    void *(*request_line)(void *context, const char *uri, struct MHD_Connection *connection);
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback notify_connection;
    mhd_shim_log_line log;
};

/*
 * A daemon on epoll that neither listens nor has threads, whose connections may be suspended; NULL on failure (errno
 * says why).
 */
struct MHD_Daemon *mhd_shim_start(struct mhd_shim_settings *settings);

/*
 * Lets every write to an eventfd end the daemon's wait; -1 on failure. Needed because a daemon without threads of its
 * own has no channel that MHD_resume_connection could use, and watches nothing but its own epoll set. Events there
 * that carry no pointer are passed over (in all of 0.9.70 to 1.0); edge-triggered, the eventfd is never read.
 */
int mhd_shim_watch(struct MHD_Daemon *daemon, int eventfd);

/* accept4() without an address, non-blocking and close-on-exec; -1 where nobody waits. */
int mhd_shim_accept(int listen_socket);

/* Bytes that a TCP socket has received since it was opened. */
uint64_t mhd_shim_received_bytes(int socket);

/* Whether the client has ended its side of a TCP connection and all that it sent has been read. */
bool mhd_shim_nothing_more_comes(int socket);

int mhd_shim_socket(struct MHD_Connection *connection);
void *mhd_shim_socket_context(struct MHD_Connection *connection);
const struct sockaddr *mhd_shim_client_address(struct MHD_Connection *connection);

#endif
