// The other process of a floor: this same program, started again with its role in the environment.
#pragma once

#include "CFloor.h"

/// The descriptor that a peer serves.
#define CFLOOR_PEER_SOCKET 3

/// Starts a peer with this role at the other end of `socket`. 0, or a negative errno.
int cfloor_spawn_peer(int socket, const char *role, pid_t *peer);

/// Closes the own end and waits for the peer to see that.
void cfloor_stop_peer(int socket, pid_t peer);

/// Serves until the other end closes, and ends the process.
void cfloor_serve_ping_pong(size_t request, size_t reply) __attribute__((noreturn));
void cfloor_serve_stream(size_t piece, size_t total) __attribute__((noreturn));

/// All of `count` bytes. 0, or a negative errno.
int cfloor_receive_all(int fd, unsigned char *bytes, size_t count);
int cfloor_send_all(int fd, const unsigned char *bytes, size_t count);
