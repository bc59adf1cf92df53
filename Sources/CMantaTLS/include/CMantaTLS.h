// What of OpenSSL are macros and callbacks, and the way of bytes between a connection and its socket.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "digest.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

// MARK: contexts

// The settings that both ways of authentication share: TLS 1.3 only, no tickets, no resumption, no early data. NULL
// when there is no memory, or when the system's configuration of OpenSSL forbids one of them.
struct ssl_ctx_st *manta_tls_context(int is_server);
// Authenticates both sides by a key that is derived from the `count` bytes of `secret`, and by nothing else. 1, or 0.
int manta_tls_use_secret(struct ssl_ctx_st *context, const uint8_t *secret, size_t count);
// For tests: has the secret be one that was set so long ago.
void manta_tls_age_secret(struct ssl_ctx_st *context, long seconds);
// Asks each peer for a certificate that an authority of the context has signed.
void manta_tls_use_certificates(struct ssl_ctx_st *context);
// Whether two pieces of memory hold the same, in a time that does not tell where they differ.
int manta_tls_equal(const void *first, const void *second, size_t count);
void manta_tls_wipe(void *bytes, size_t count);
// Checks the certificate and its chain, as a peer would who knows this context's authorities: 0, or why not (X509_V_ERR_…).
int manta_tls_check_own_certificate(struct ssl_ctx_st *context, int as_server);
// 1 when the certificate must be of `host`, an address or a DNS name, from then on; 0 when it is neither.
int manta_tls_expect_host(struct ssl_st *ssl, const char *host);

// MARK: connections

// One end of a connection. Not for two threads at a time. Never waits, whether the socket blocks or not.
typedef struct manta_tls manta_tls;

// The socket stays its owner's. NULL when there is no memory.
manta_tls *manta_tls_new(struct ssl_ctx_st *context, int socket, int is_server);
void manta_tls_free(manta_tls *connection);
struct ssl_st *manta_tls_ssl(manta_tls *connection);

#define MANTA_TLS_DONE 0
#define MANTA_TLS_WANTS_READ 1
#define MANTA_TLS_WANTS_WRITE 2
#define MANTA_TLS_FAILED (-1)
int manta_tls_handshake(manta_tls *connection);

// Bytes, 0 at the end of the stream, or a negated errno: -EAGAIN, -ECONNRESET, -EPROTO (see `manta_tls_failure`).
ssize_t manta_tls_receive(manta_tls *connection, void *bytes, size_t count);
// Bytes, or a negated errno. After -EAGAIN the next call has to begin with the same bytes, at any address: some of them
// may be encrypted already, and those bytes are what the peer gets.
ssize_t manta_tls_send(manta_tls *connection, const void *bytes, size_t count);
// Whether `receive` may have something to return that the socket does not tell of.
int manta_tls_has_buffered(manta_tls *connection);
// Says goodbye if the socket takes it at once. Everything after it fails, and the socket is not touched again.
void manta_tls_close(manta_tls *connection);

// Why the connection failed: OpenSSL's reason (SSL_R_…), 0 for none. `number` is the errno if the socket failed.
#define MANTA_TLS_OTHER_REASON (-1)
int manta_tls_failure(manta_tls *connection, int *number);
// The subject of the peer's certificate, as RFC 2253 writes it, ended by 0; its length, 0 when there is none.
size_t manta_tls_peer_subject(manta_tls *connection, char *text, size_t capacity);
// New keys are used after so many records that were sent.
void manta_tls_set_key_limit(manta_tls *connection, uint64_t record_count);
