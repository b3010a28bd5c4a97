// The floor under any service built on libmicrohttpd: reads each request's body, suspends the request, and after the
// turn of the event loop answers all that came in it with one and the same text. No route, no JSON, no model.
//
//     barehttp LOOPS ANSWER      prints its port, then serves on 127.0.0.1 until its standard input ends
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPS_MAX = 64, BODY_MAX = 4 << 20 };

typedef struct request {
    struct MHD_Connection *connection;
    struct request *next;
    size_t length;
    bool is_suspended;
} request;

// One thread's; `body` takes the bytes of whichever request they belong to, as they are not looked at.
typedef struct {
    struct MHD_Daemon *daemon;
    struct MHD_Response *response;
    request *waiting;
    char *body;
} event_loop;

static enum MHD_Result receive(
    void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
    const char *bytes, size_t *count, void **slot) {
    (void)url, (void)method, (void)version;
    event_loop *loop = context;
    request *current = *slot;
    if (!current) {
        current = calloc(1, sizeof *current);
        if (!current) return MHD_NO;
        current->connection = connection;
        *slot = current;
        return MHD_YES;
    }
    if (*count > 0) {
        if (*count > BODY_MAX - current->length) return MHD_NO;
        memcpy(loop->body + current->length, bytes, *count);
        current->length += *count;
        *count = 0;
        return MHD_YES;
    }
    if (current->is_suspended) return MHD_queue_response(connection, MHD_HTTP_OK, loop->response);
    current->is_suspended = true;
    MHD_suspend_connection(connection);
    current->next = loop->waiting;
    loop->waiting = current;
    return MHD_YES;
}

static void complete(
    void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code) {
    (void)context, (void)connection, (void)code;
    free(*slot);
    *slot = NULL;
}

static void *turn(void *context) {
    event_loop *loop = context;
    while (MHD_run_wait(loop->daemon, -1) == MHD_YES) {
        request *current = loop->waiting;
        loop->waiting = NULL;
        while (current) {
            // A resumed request may be gone at once.
            request *next = current->next;
            MHD_resume_connection(current->connection);
            current = next;
        }
    }
    return NULL;
}

static int listen_on_free_port(in_port_t *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1024) != 0 || getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

static bool start(event_loop *loop, int listener, char *answer) {
    loop->body = malloc(BODY_MAX);
    loop->response = MHD_create_response_from_buffer(strlen(answer), answer, MHD_RESPMEM_PERSISTENT);
    if (!loop->body || !loop->response) return false;
    MHD_add_response_header(loop->response, "Content-Type", "application/json");
    loop->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, receive, loop, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_NOTIFY_COMPLETED, complete, NULL, MHD_OPTION_END);
    pthread_t thread;
    return loop->daemon && pthread_create(&thread, NULL, turn, loop) == 0;
}

int main(int count, char **arguments) {
    int loops = count == 3 ? atoi(arguments[1]) : 0;
    if (loops < 1 || loops > LOOPS_MAX) {
        fprintf(stderr, "usage: barehttp LOOPS ANSWER, with 1 to %d loops\n", LOOPS_MAX);
        return 2;
    }
    in_port_t port;
    int listener = listen_on_free_port(&port);
    if (listener < 0) {
        perror("barehttp: cannot listen on 127.0.0.1");
        return 1;
    }
    static event_loop all[LOOPS_MAX];
    for (int i = 0; i < loops; i++) {
        if (!start(&all[i], listener, arguments[2])) {
            fprintf(stderr, "barehttp: an event loop does not start\n");
            return 1;
        }
    }
    printf("%d\n", port);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {}
    return 0;
}
