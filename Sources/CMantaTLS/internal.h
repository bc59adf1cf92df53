// Sizes that were measured: see Documentation/Performance.md.
#pragma once

enum {
    // What is read of the socket at a time: several records of 16 KiB.
    MANTA_TLS_READ_BUFFER = 128 << 10,
    // The bytes of a record.
    MANTA_TLS_RECORD = 16 << 10,
    // What a record adds: its head, the kind of its content, the tag. Rounded up.
    MANTA_TLS_RECORD_OVERHEAD = 64,
    // What is encrypted before it is written to the socket.
    MANTA_TLS_BATCH = 8 * MANTA_TLS_RECORD,
    // A buffer that is larger does not stay when it is empty.
    MANTA_TLS_KEPT_BUFFER = 4 << 10,
};
