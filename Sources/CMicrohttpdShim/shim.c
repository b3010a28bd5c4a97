#define _GNU_SOURCE
#include "CMicrohttpdShim.h"

#include <linux/filter.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void log_line(void *context, const char *format, va_list arguments)
{
    const struct mhd_shim_settings *settings = context;
    char line[512];
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = '\0';
    settings->log(settings->context, line);
}

/* libmicrohttpd starts no TLS without a certificate of its own, which no session of ours uses. */
static int no_certificate(void)
{
    return -1;
}

struct MHD_Daemon *mhd_shim_start(struct mhd_shim_settings *settings)
{
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *) settings->tls_priorities},
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *) no_certificate},
        {MHD_OPTION_END, 0, NULL},
    };
    const struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (settings->tls_priorities)
        flags |= MHD_USE_TLS;
    /* The logger comes first, so that complaints about the other options reach it. */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, settings->handle, settings->context,
        MHD_OPTION_EXTERNAL_LOGGER, log_line, settings,
        MHD_OPTION_CONNECTION_LIMIT, settings->connection_count_max,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory_bytes,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds_max,
        MHD_OPTION_URI_LOG_CALLBACK, settings->request_line, settings->context,
        MHD_OPTION_NOTIFY_COMPLETED, settings->completed, settings->context,
        MHD_OPTION_NOTIFY_CONNECTION, settings->notify_connection, settings->context,
        MHD_OPTION_ARRAY, settings->tls_priorities ? tls : plain,
        MHD_OPTION_END);
}

int mhd_shim_watch(struct MHD_Daemon *daemon, int eventfd)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    return info ? epoll_ctl(info->epoll_fd, EPOLL_CTL_ADD, eventfd, &event) : -1;
}

int mhd_shim_accept(int listen_socket)
{
    return accept4(listen_socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void mhd_shim_close_backlog(int listen_socket)
{
    enum { FLAGS = 13, SYN = 2, DROP = 0, PASS = -1 };
    /* Of a segment the filter sees the TCP header. It must not drop the ACK that ends a handshake: the client counts on
     * the connection as soon as it has sent that. */
    struct sock_filter drop_syn[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, DROP),
        BPF_STMT(BPF_RET | BPF_K, PASS),
    };
    struct sock_fprog program = {.len = sizeof drop_syn / sizeof *drop_syn, .filter = drop_syn};
    /* Where the system does not allow it, a connection that comes between the last accept and the close is lost. */
    (void)setsockopt(listen_socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* All zero where the socket is no TCP socket. */
static struct tcp_info information(int socket)
{
    /* The C library's own tcp_info ends before tcpi_bytes_received: hence the kernel's header. */
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0)
        memset(&info, 0, sizeof info);
    return info;
}

uint64_t mhd_shim_received_bytes(int socket)
{
    return information(socket).tcpi_bytes_received;
}

bool mhd_shim_nothing_more_comes(int socket)
{
    /* linux/tcp.h leaves the states to netinet/tcp.h, which cannot be included beside it. */
    enum { CLOSE_WAIT = 8 };
    int unread = 0;
    return information(socket).tcpi_state == CLOSE_WAIT && ioctl(socket, FIONREAD, &unread) == 0 && unread == 0;
}

int mhd_shim_unread_bytes(int socket)
{
    int unread = 0;
    return ioctl(socket, FIONREAD, &unread) == 0 ? unread : 0;
}

int mhd_shim_peek(int socket)
{
    unsigned char byte;
    return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ? byte : -1;
}

int mhd_shim_epoll(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

int mhd_shim_await(int epoll, int socket, bool for_writing, void *context)
{
    struct epoll_event event = {.events = for_writing ? EPOLLOUT : EPOLLIN | EPOLLRDHUP, .data.ptr = context};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

int mhd_shim_await_hangup(int epoll, int socket, void *context)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = context};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

void mhd_shim_forget(int epoll, int socket)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, NULL);
}

int mhd_shim_arrived(int epoll, void **contexts, int count)
{
    struct epoll_event events[64];
    int arrived = epoll_wait(epoll, events, count < 64 ? count : 64, 0);
    for (int i = 0; i < arrived; i++)
        contexts[i] = events[i].data.ptr;
    return arrived;
}

void *mhd_shim_tls_session(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info ? info->tls_session : NULL;
}

int mhd_shim_socket(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

void *mhd_shim_socket_context(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

const struct sockaddr *mhd_shim_client_address(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

/* The process's, thus its first thread's, which is never kept to one; false where there are more than a set can hold. */
static bool allowed_processors(cpu_set_t *processors)
{
    return sched_getaffinity(getpid(), sizeof *processors, processors) == 0;
}

int mhd_shim_processor_count(void)
{
    cpu_set_t processors;
    return allowed_processors(&processors) ? CPU_COUNT(&processors) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* Whether the calling thread has been let run on all. */
static _Thread_local bool is_free;

void mhd_shim_keep_to_processor(int number)
{
    cpu_set_t processors, one;
    if (!allowed_processors(&processors))
        return;
    for (int processor = 0; processor < CPU_SETSIZE; processor++) {
        if (!CPU_ISSET(processor, &processors) || number-- > 0)
            continue;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        (void)sched_setaffinity(0, sizeof one, &one);
        is_free = false;
        return;
    }
}

void mhd_shim_leave_processor(void)
{
    cpu_set_t processors;
    if (is_free)
        return;
    is_free = true;
    if (allowed_processors(&processors))
        (void)sched_setaffinity(0, sizeof processors, &processors);
}

void mhd_shim_bound_heaps(int count)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, count);
    /* Left alone, both bounds rise with the largest block that was ever freed, to tens of megabytes, and each heap may keep as
       much for good. With less than 2 MiB, requests of 256 rows of 784 variables have their memory mapped anew each time. */
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
#else
    (void)count;
#endif
}

/* The sanitizers bring a heap of their own and leave glibc's unmade: two threads that trim it first race to make it. */
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZER_HEAP 1
#endif

void *mhd_shim_grow_mapping(void *start, size_t byte_count, size_t new_byte_count)
{
    void *moved =
        start ? mremap(start, byte_count, new_byte_count, MREMAP_MAYMOVE)
              : mmap(NULL, new_byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return moved == MAP_FAILED ? NULL : moved;
}

void mhd_shim_release_free_memory(void)
{
#if defined(__GLIBC__) && !defined(SANITIZER_HEAP)
    malloc_trim(0);
#endif
}
