// The other process of a floor: this same program, started again with its role in the environment.
#pragma once

#include "CFloor.h"

/// The descriptor that a peer serves.
#define CFLOOR_PEER_SOCKET 3

/// Starts a peer with this role at the other end of a new channel. 0, or a negative errno.
int cfloor_spawn_peer(cfloor_channel *channel, cfloor_transport transport, const char *role, pid_t *peer);

/// Closes the own end and waits for the peer to see that.
void cfloor_stop_peer(cfloor_channel channel, pid_t peer);

/// Becomes the program that the first argument names.
void cfloor_become_program(char *const arguments[]) __attribute__((noreturn));

/// Serves until the other end closes, and ends the process.
void cfloor_serve_ping_pong(cfloor_channel channel, size_t request, size_t reply) __attribute__((noreturn));
void cfloor_serve_stream(cfloor_channel channel, size_t piece, size_t total) __attribute__((noreturn));

/// Two connected sockets that no child inherits. 0, or a negative errno.
int cfloor_socket_pair(cfloor_transport transport, int ends[2]);

/// Makes a channel of one end of a pair; over TLS both ends have to do so at once. 0, or a negative errno.
int cfloor_open(cfloor_channel *channel, cfloor_transport transport, int socket, int is_server);
void cfloor_close(cfloor_channel channel);

/// Up to `count` bytes: how many, 0 at the end, or a negative errno.
ssize_t cfloor_receive(cfloor_channel channel, unsigned char *bytes, size_t count);

/// All of `count` bytes. 0, or a negative errno.
int cfloor_receive_all(cfloor_channel channel, unsigned char *bytes, size_t count);
int cfloor_send_all(cfloor_channel channel, const unsigned char *bytes, size_t count);

/// The TLS session of a channel, as both ends of a floor begin and use it.
int cfloor_tls_open(int socket, int is_server, void **session);
void cfloor_tls_close(void *session);
ssize_t cfloor_tls_receive(void *session, unsigned char *bytes, size_t count);
ssize_t cfloor_tls_send(void *session, const unsigned char *bytes, size_t count);
