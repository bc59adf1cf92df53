// What the connections of one process share.
#include "include/CMantaTLS.h"

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "internal.h"

// Every connection has the same identity: there is one secret, and the binder in the handshake proves that it is known.
static const unsigned char identity[] = "manta-cluster";
enum { identity_count = sizeof identity - 1 };

static int encrypted_key(char *text, int capacity, int writing, void *context) {
    (void)text, (void)capacity, (void)writing, (void)context;
    return -1;  // otherwise OpenSSL asks for a password at the terminal
}

SSL_CTX *manta_tls_context(int is_server) {
    // A process exits while other threads still send: OpenSSL must not take its memory away from them then.
    OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    if (context == NULL) return NULL;
    // The system's configuration may have set others.
    SSL_CTX_clear_options(context, SSL_OP_ALLOW_NO_DHE_KEX | SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ENABLE_KTLS);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    // A server that checks who its clients are insists on one; a client that has one refuses our session, which has none.
    if (is_server) SSL_CTX_set_session_id_context(context, identity, identity_count);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_recv_max_early_data(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, MANTA_TLS_READ_BUFFER);
    SSL_CTX_set_default_passwd_cb(context, encrypted_key);
    // Both ciphers use SHA-256, which a key that is shared in advance is bound to.
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256") != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519") != 1 || SSL_CTX_set_num_tickets(context, 0) != 1) {
        SSL_CTX_free(context);
        return NULL;
    }
    return context;
}

int manta_tls_equal(const void *first, const void *second, size_t count) {
    return CRYPTO_memcmp(first, second, count) == 0;
}

void manta_tls_wipe(void *bytes, size_t count) { OPENSSL_cleanse(bytes, count); }

// MARK: the secret

// Where a context keeps the session that its handshakes begin with.
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static int session_index = -1;

static void free_session(void *context, void *session, CRYPTO_EX_DATA *data, int index, long number, void *pointer) {
    (void)context, (void)data, (void)index, (void)number, (void)pointer;
    SSL_SESSION_free(session);
}

static void make_index(void) { session_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_session); }

// A copy, because a handshake writes into it. A session gets too old after some minutes, a secret does not: each copy is new.
static SSL_SESSION *session_of(SSL *ssl) {
    SSL_SESSION *session = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), session_index);
    SSL_SESSION *copy = session == NULL ? NULL : SSL_SESSION_dup(session);
    if (copy != NULL) SSL_SESSION_set_time(copy, (long)time(NULL));
    return copy;
}

void manta_tls_age_secret(SSL_CTX *context, long seconds) {
    SSL_SESSION *session = SSL_CTX_get_ex_data(context, session_index);
    if (session != NULL) SSL_SESSION_set_time(session, (long)time(NULL) - seconds);
}

static int offer_session(SSL *ssl, const EVP_MD *hash, const unsigned char **name, size_t *name_count,
                         SSL_SESSION **session) {
    *session = NULL;
    *name = NULL;
    *name_count = 0;
    // After a retry the server has chosen a hash already; without a key to offer the handshake fails in time.
    if (hash != NULL && !EVP_MD_is_a(hash, "SHA256")) return 1;
    *session = session_of(ssl);
    if (*session == NULL) return 0;
    *name = identity;
    *name_count = identity_count;
    return 1;
}

static int find_session(SSL *ssl, const unsigned char *name, size_t name_count, SSL_SESSION **session) {
    *session = NULL;
    if (name_count != identity_count || memcmp(name, identity, identity_count) != 0) return 1;
    *session = session_of(ssl);
    return *session != NULL;
}

static int refuse_certificate(int is_fine, X509_STORE_CTX *store) {
    (void)is_fine;
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

// A key for this use alone: HKDF (RFC 5869) with SHA-256.
static int derive(const uint8_t *secret, size_t count, uint8_t key[32]) {
    static char purpose[] = "manta cluster secret, TLS 1.3 external PSK, v1";
    static char hash[] = "SHA256";
    EVP_KDF *function = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *kdf = function == NULL ? NULL : EVP_KDF_CTX_new(function);
    EVP_KDF_free(function);
    if (kdf == NULL) return 0;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose, sizeof purpose - 1),
        OSSL_PARAM_construct_end(),
    };
    int is_fine = EVP_KDF_derive(kdf, key, 32, parameters) > 0;
    EVP_KDF_CTX_free(kdf);
    return is_fine;
}

int manta_tls_use_secret(SSL_CTX *context, const uint8_t *secret, size_t count) {
    static const unsigned char aes_128_gcm_sha256[] = {0x13, 0x01};
    uint8_t key[32];
    if (!CRYPTO_THREAD_run_once(&once, make_index) || session_index < 0) return 0;
    SSL *ssl = SSL_new(context);
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *cipher = ssl == NULL ? NULL : SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
    int is_fine = session != NULL && cipher != NULL && derive(secret, count, key) &&
                  SSL_SESSION_set1_master_key(session, key, sizeof key) &&
                  SSL_SESSION_set_cipher(session, cipher) &&
                  SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) &&
                  SSL_CTX_set_ex_data(context, session_index, session);
    OPENSSL_cleanse(key, sizeof key);
    SSL_free(ssl);
    if (!is_fine) {
        SSL_SESSION_free(session);
        return 0;
    }
    // A server that answers with a certificate does not know the secret.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, refuse_certificate);
    SSL_CTX_set_psk_use_session_callback(context, offer_session);
    SSL_CTX_set_psk_find_session_callback(context, find_session);
    return 1;
}

// MARK: certificates

void manta_tls_use_certificates(SSL_CTX *context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

int manta_tls_check_own_certificate(SSL_CTX *context, int as_server) {
    STACK_OF(X509) *chain = NULL;
    SSL_CTX_get0_chain_certs(context, &chain);
    X509 *certificate = SSL_CTX_get0_certificate(context);
    X509_STORE_CTX *check = X509_STORE_CTX_new();
    int result = X509_V_ERR_OUT_OF_MEM;
    if (check != NULL && X509_STORE_CTX_init(check, SSL_CTX_get_cert_store(context), certificate, chain) == 1 &&
        X509_STORE_CTX_set_default(check, as_server ? "ssl_server" : "ssl_client") == 1) {
        result = X509_verify_cert(check) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(check);
    }
    X509_STORE_CTX_free(check);
    ERR_clear_error();
    return result;
}

int manta_tls_expect_host(SSL *ssl, const char *host) {
    X509_VERIFY_PARAM *parameters = SSL_get0_param(ssl);
    if (host[0] == 0) return 0;  // OpenSSL would check no name then
    unsigned char address[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, host, address) == 1) return X509_VERIFY_PARAM_set1_ip(parameters, address, 4);
    if (inet_pton(AF_INET6, host, address) == 1) return X509_VERIFY_PARAM_set1_ip(parameters, address, 16);
    // The names of the subject are not looked at, as RFC 6125 advises, and neither is `*` inside a label.
    X509_VERIFY_PARAM_set_hostflags(parameters,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(parameters, host, 0);
}
