// One end of a connection: bytes of the program on one side, records on a socket on the other.
//
// What is sent is encrypted in batches of several records that leave in one system call. Of what the socket does not
// take at once, the caller is told nothing yet: it is `owed`, and reported when the same bytes are sent again. So the
// caller needs to know of no other state than "would block", as with a plain socket.
#include "include/CMantaTLS.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

struct manta_tls {
    SSL *ssl;
    int socket;

    // Records that the socket has not taken: from `start` to `end`.
    uint8_t *out;
    size_t start, end, capacity;
    // Bytes of the program that are encrypted, and of which it does not know that they are sent.
    size_t owed;
    // Records under the present key, and how many there may be.
    uint64_t record_count, key_limit;

    // The last read took all that the socket had.
    int is_drained;
    // Set while there is something to return even if no more is read.
    int has_received;
    // All that was received has been returned, except for a part of a record.
    int is_starved;
    int is_connected, is_closed;

    // Why nothing more is received (0: the end) or sent, once it is so.
    int receive_ended, send_ended;
    ssize_t receive_status, send_status;
    // What the socket failed with, and OpenSSL's reason.
    int read_error, write_error, reason;
    int is_end_of_file;
};

// MARK: the socket

static int make_room(manta_tls *connection, size_t count) {
    if (connection->capacity - connection->end >= count) return 1;
    size_t unsent = connection->end - connection->start;
    size_t capacity = unsent + count > MANTA_TLS_KEPT_BUFFER ? unsent + count : MANTA_TLS_KEPT_BUFFER;
    uint8_t *room = malloc(capacity);
    if (room == NULL) return 0;
    if (unsent > 0) memcpy(room, connection->out + connection->start, unsent);
    free(connection->out);
    connection->out = room;
    connection->start = 0;
    connection->end = unsent;
    connection->capacity = capacity;
    return 1;
}

// 1: all is sent, 0: the socket takes no more, -1: it has failed.
static int flush(manta_tls *connection) {
    while (connection->start < connection->end) {
        if (connection->write_error != 0) return -1;
        ssize_t sent = send(connection->socket, connection->out + connection->start,
                            connection->end - connection->start, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            connection->start += sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return 0;
        } else if (errno != EINTR) {
            connection->write_error = errno;
            return -1;
        }
    }
    connection->start = connection->end = 0;
    if (connection->capacity > MANTA_TLS_KEPT_BUFFER) {
        free(connection->out);
        connection->out = NULL;
        connection->capacity = 0;
    }
    return 1;
}

static int bio_write(BIO *bio, const char *bytes, size_t count, size_t *written) {
    manta_tls *connection = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    // Only what a peer provokes that takes nothing, such as replies to changes of its key, gets so far.
    if (connection->end - connection->start > 4 * MANTA_TLS_BATCH) {
        BIO_set_retry_write(bio);
        return 0;
    }
    if (!make_room(connection, count)) {
        connection->write_error = ENOMEM;
        return 0;
    }
    memcpy(connection->out + connection->end, bytes, count);
    connection->end += count;
    *written = count;
    return 1;
}

static int bio_read(BIO *bio, char *bytes, size_t capacity, size_t *count) {
    manta_tls *connection = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (connection->is_drained && connection->has_received) {
        BIO_set_retry_read(bio);
        return 0;
    }
    ssize_t received;
    do received = recv(connection->socket, bytes, capacity, MSG_DONTWAIT);
    while (received < 0 && errno == EINTR);
    if (received > 0) {
        connection->is_drained = (size_t)received < capacity;
        *count = received;
        return 1;
    }
    if (received == 0) {
        connection->is_end_of_file = 1;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        BIO_set_retry_read(bio);
    } else {
        connection->read_error = errno;
    }
    return 0;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)number, (void)pointer;
    manta_tls *connection = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;  // by us, when a batch is complete
    case BIO_CTRL_EOF: return connection->is_end_of_file;
    default: return 0;
    }
}

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method;

static void make_method(void) {
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "manta socket");
    if (made == NULL) return;
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    method = made;
}

// MARK: life

manta_tls *manta_tls_new(SSL_CTX *context, int socket, int is_server) {
    ERR_clear_error();
    if (!CRYPTO_THREAD_run_once(&once, make_method) || method == NULL) return NULL;
    manta_tls *connection = calloc(1, sizeof *connection);
    SSL *ssl = SSL_new(context);
    BIO *bio = BIO_new(method);
    if (connection == NULL || ssl == NULL || bio == NULL) {
        free(connection);
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    connection->ssl = ssl;
    connection->socket = socket;
    // A key for AES-GCM is good for 2^24.5 records (RFC 8446, section 5.5).
    connection->key_limit = 1 << 23;
    BIO_set_data(bio, connection);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    if (is_server) SSL_set_accept_state(ssl);
    else SSL_set_connect_state(ssl);
    return connection;
}

void manta_tls_free(manta_tls *connection) {
    if (connection == NULL) return;
    SSL_free(connection->ssl);
    free(connection->out);
    free(connection);
}

SSL *manta_tls_ssl(manta_tls *connection) { return connection->ssl; }

void manta_tls_set_key_limit(manta_tls *connection, uint64_t record_count) { connection->key_limit = record_count; }

void manta_tls_close(manta_tls *connection) {
    if (connection->is_closed) return;
    if (connection->is_connected && !connection->send_ended) {
        ERR_clear_error();
        SSL_shutdown(connection->ssl);
        ERR_clear_error();
        flush(connection);
    }
    connection->is_closed = 1;
}

// MARK: failure

// Remembers why OpenSSL gave up; the queue of errors is the thread's, so it is emptied here.
static void note_reason(manta_tls *connection) {
    unsigned long code;
    while ((code = ERR_get_error()) != 0) {
        // The first is nearest to the cause; what other parts of OpenSSL say is of little use to a person.
        int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : MANTA_TLS_OTHER_REASON;
        if (connection->reason == 0 || connection->reason == MANTA_TLS_OTHER_REASON) connection->reason = reason;
    }
}

int manta_tls_failure(manta_tls *connection, int *number) {
    *number = connection->read_error != 0 ? connection->read_error : connection->write_error;
    return connection->reason;
}

// MARK: handshake

int manta_tls_handshake(manta_tls *connection) {
    if (connection->is_closed || connection->receive_ended) return MANTA_TLS_FAILED;
    int error = SSL_ERROR_NONE;
    if (!connection->is_connected) {
        ERR_clear_error();
        connection->has_received = 0;
        int result = SSL_do_handshake(connection->ssl);
        error = SSL_get_error(connection->ssl, result);
    }
    switch (error) {
    case SSL_ERROR_NONE:
        connection->is_connected = 1;
        connection->is_starved = 0;
        break;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        break;
    default:
        note_reason(connection);
        flush(connection);  // tells the other side why
        connection->receive_ended = connection->send_ended = 1;
        connection->receive_status = connection->send_status = -EPROTO;
        return MANTA_TLS_FAILED;
    }
    int flushed = flush(connection);
    if (flushed == 0) return MANTA_TLS_WANTS_WRITE;
    if (flushed < 0) {
        // The other side may have said why before it closed; that is worth more than EPIPE.
        if (error == SSL_ERROR_WANT_READ) return MANTA_TLS_WANTS_READ;
        connection->receive_ended = connection->send_ended = 1;
        connection->receive_status = connection->send_status = -connection->write_error;
        return MANTA_TLS_FAILED;
    }
    return error == SSL_ERROR_NONE ? MANTA_TLS_DONE : MANTA_TLS_WANTS_READ;
}

// MARK: bytes

// What the failure of a function of OpenSSL means to who receives or sends.
static ssize_t status_after(manta_tls *connection, int error, int number) {
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    if (number != 0) {
        ERR_clear_error();
        return -number;
    }
    note_reason(connection);
    if (error != SSL_ERROR_SSL) return 0;
    return connection->reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ? 0 : -EPROTO;
}

ssize_t manta_tls_receive(manta_tls *connection, void *bytes, size_t count) {
    if (connection->is_closed) return 0;
    if (connection->receive_ended) return connection->receive_status;
    if (!connection->is_connected) return -ENOTCONN;
    if (count == 0) return 0;
    ERR_clear_error();
    size_t total = 0;
    connection->has_received = 0;
    while (total < count) {
        size_t some = 0;
        int result = SSL_read_ex(connection->ssl, (uint8_t *)bytes + total, count - total, &some);
        if (result == 1) {
            total += some;
            connection->has_received = 1;
            connection->is_starved = 0;
            continue;
        }
        int error = SSL_get_error(connection->ssl, result);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
            connection->is_starved = 1;
        } else {
            connection->receive_status = status_after(connection, error, connection->read_error);
            connection->receive_ended = 1;
        }
        break;
    }
    // Replies to a change of the peer's key, or the alert that says what is wrong.
    if (connection->start < connection->end && connection->owed == 0) flush(connection);
    if (total > 0) return total;
    return connection->receive_ended ? connection->receive_status : -EAGAIN;
}

int manta_tls_has_buffered(manta_tls *connection) {
    if (!connection->is_connected || connection->is_closed) return 0;
    return connection->receive_ended || (!connection->is_starved && SSL_has_pending(connection->ssl));
}

static ssize_t end_sending(manta_tls *connection, ssize_t status) {
    connection->send_ended = 1;
    connection->send_status = status;
    return status;
}

// Encrypts as much of `bytes` as belongs into one batch: how many, or a negated errno.
static ssize_t encrypt(manta_tls *connection, const uint8_t *bytes, size_t count) {
    if (count > MANTA_TLS_BATCH) count = MANTA_TLS_BATCH;
    size_t records = (count + MANTA_TLS_RECORD - 1) / MANTA_TLS_RECORD;
    if (!make_room(connection, count + (records + 1) * MANTA_TLS_RECORD_OVERHEAD)) return -ENOMEM;
    size_t done = 0;
    while (done < count) {
        if (connection->record_count >= connection->key_limit) {
            if (SSL_key_update(connection->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1) break;
            connection->record_count = 0;
        }
        size_t piece = count - done < MANTA_TLS_RECORD ? count - done : MANTA_TLS_RECORD, some = 0;
        if (SSL_write_ex(connection->ssl, bytes + done, piece, &some) != 1) break;
        connection->record_count += 1;
        done += some;
    }
    return done;
}

ssize_t manta_tls_send(manta_tls *connection, const void *pointer, size_t count) {
    if (connection->is_closed) return -EPIPE;
    if (connection->send_ended) return connection->send_status;
    if (!connection->is_connected) return -ENOTCONN;
    const uint8_t *bytes = pointer;
    size_t total = 0;
    ERR_clear_error();
    while (1) {
        int flushed = flush(connection);
        if (flushed < 0) return end_sending(connection, -connection->write_error);
        if (flushed == 0) return total > 0 ? (ssize_t)total : -EAGAIN;
        size_t paid = connection->owed < count - total ? connection->owed : count - total;
        connection->owed -= paid;
        total += paid;
        if (total == count) return total;
        ssize_t encrypted = encrypt(connection, bytes + total, count - total);
        if (encrypted <= 0) {
            if (connection->receive_ended && connection->receive_status == 0) {
                ERR_clear_error();
                return end_sending(connection, -EPIPE);
            }
            note_reason(connection);
            return end_sending(connection, encrypted < 0 ? encrypted : -EPROTO);
        }
        connection->owed = encrypted;
    }
}

size_t manta_tls_peer_subject(manta_tls *connection, char *text, size_t capacity) {
    X509 *certificate = SSL_get0_peer_certificate(connection->ssl);
    if (certificate == NULL || capacity == 0) return 0;
    BIO *memory = BIO_new(BIO_s_mem());
    size_t count = 0;
    if (memory != NULL && X509_NAME_print_ex(memory, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        int got = BIO_read(memory, text, (int)(capacity - 1));
        count = got > 0 ? got : 0;
    }
    text[count] = 0;
    BIO_free(memory);
    ERR_clear_error();
    return count;
}
