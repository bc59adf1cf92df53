#include "peer.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

// Both ends are this program on this machine, so the secret need not be one.
static const unsigned char secret[32] = {42};
static const unsigned char identity[] = "manta-bench";

static SSL_SESSION *make_session(SSL *ssl) {
    static const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
    if (session && cipher && SSL_SESSION_set1_master_key(session, secret, sizeof secret)
        && SSL_SESSION_set_cipher(session, cipher) && SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION)) {
        return session;
    }
    SSL_SESSION_free(session);
    return NULL;
}

static int offer(SSL *ssl, const EVP_MD *hash, const unsigned char **id, size_t *count, SSL_SESSION **session) {
    (void)hash;
    *id = identity;
    *count = sizeof identity - 1;
    *session = make_session(ssl);
    return *session != NULL;
}

static int find(SSL *ssl, const unsigned char *id, size_t count, SSL_SESSION **session) {
    int is_ours = count == sizeof identity - 1 && memcmp(id, identity, count) == 0;
    *session = is_ours ? make_session(ssl) : NULL;
    return 1;
}

static SSL_CTX *make_context(int is_server) {
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (!context) return NULL;
    // One read takes what the socket has, up to 16 records, and not the head of a record and then its body.
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, 16 * (SSL3_RT_MAX_PLAIN_LENGTH + 256));
    SSL_CTX_set_psk_use_session_callback(context, offer);
    SSL_CTX_set_psk_find_session_callback(context, find);
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) && SSL_CTX_set_num_tickets(context, 0)
        && SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") && SSL_CTX_set1_groups_list(context, "X25519")) {
        return context;
    }
    SSL_CTX_free(context);
    return NULL;
}

int cfloor_tls_open(int socket, int is_server, void **result) {
    SSL_CTX *context = make_context(is_server);
    SSL *ssl = context ? SSL_new(context) : NULL;
    SSL_CTX_free(context);  // the session keeps it
    if (!ssl || !SSL_set_fd(ssl, socket)) {
        SSL_free(ssl);
        return -ENOMEM;
    }
    if ((is_server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1) {
        SSL_free(ssl);
        return -EPROTO;
    }
    *result = ssl;
    return 0;
}

void cfloor_tls_close(void *session) { SSL_free(session); }

ssize_t cfloor_tls_receive(void *session, unsigned char *bytes, size_t count) {
    size_t n = 0;
    if (SSL_read_ex(session, bytes, count, &n) == 1) return (ssize_t)n;
    return SSL_get_error(session, 0) == SSL_ERROR_SSL ? -EPROTO : 0;
}

ssize_t cfloor_tls_send(void *session, const unsigned char *bytes, size_t count) {
    size_t n = 0;
    return SSL_write_ex(session, bytes, count, &n) == 1 ? (ssize_t)n : -EPIPE;
}
