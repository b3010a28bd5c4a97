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
    const char *tls_priorities; /* of GnuTLS; NULL for plain HTTP */
    void *context; /* first argument of every callback */
    MHD_AccessHandlerCallback handle;
    void *(*request_line)(void *context, const char *uri, struct MHD_Connection *connection);
    MHD_RequestCompletedCallback completed;
    MHD_NotifyConnectionCallback notify_connection;
    mhd_shim_log_line log;
};

/*
 * A daemon on epoll that neither listens nor has threads, whose connections may be suspended; NULL on failure (errno
 * says why). With TLS every session must be given credentials before its first step, in notify_connection.
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

/* Lets no more handshakes begin: clients that try are told nothing, and try again after a second. Those under way end in
 * the backlog. */
void mhd_shim_close_backlog(int listen_socket);

/* Bytes that a TCP socket has received since it was opened. */
uint64_t mhd_shim_received_bytes(int socket);

/* Whether the client has ended its side of a TCP connection and all that it sent has been read. */
bool mhd_shim_nothing_more_comes(int socket);

/* Bytes that wait to be read from a socket. */
int mhd_shim_unread_bytes(int socket);

/* The first byte that waits to be read from a socket; -1 where none does. */
int mhd_shim_peek(int socket);

/* An epoll set of its own, for mhd_shim_watch; -1 on failure. */
int mhd_shim_epoll(void);

/* Watches a socket until it can be read (or written) or has failed; it stays in the set until mhd_shim_forget. */
int mhd_shim_await(int epoll, int socket, bool for_writing, void *context);
/* The same for the moment when the client ends its side of the connection; 0 on success. */
int mhd_shim_await_hangup(int epoll, int socket, void *context);
void mhd_shim_forget(int epoll, int socket);

/* Contexts of sockets that wait no longer, at most `count` of them, without blocking; how many. */
int mhd_shim_arrived(int epoll, void **contexts, int count);

/* The GnuTLS session; NULL for plain HTTP. */
void *mhd_shim_tls_session(struct MHD_Connection *connection);

int mhd_shim_socket(struct MHD_Connection *connection);
void *mhd_shim_socket_context(struct MHD_Connection *connection);
const struct sockaddr *mhd_shim_client_address(struct MHD_Connection *connection);

/* Processors that the process may run on. */
int mhd_shim_processor_count(void);

/* Keeps the calling thread to one of them, the `number`th where that is less than their count. */
void mhd_shim_keep_to_processor(int number);

/* Lets the calling thread run on all of them. */
void mhd_shim_leave_processor(void);

/* Bounds the heaps between which the C library spreads threads, as each keeps freed memory of its own, and how much that is:
   2 MiB at a heap's end. Blocks of 4 MiB and more are mapped and unmapped singly. */
void mhd_shim_bound_heaps(int count);

/* Pages of memory in place of those at start, whose bytes they have, moved without a copy; new ones where start is null. To be
   given back by munmap. Null where memory is short. */
void *mhd_shim_grow_mapping(void *start, size_t byte_count, size_t new_byte_count);

/* Gives freed memory back to the system, as far as the C library can. */
void mhd_shim_release_free_memory(void);

#endif
