/// A growable buffer of raw bytes to send.
///
/// A frame appends space for its header first, then its arguments, and overwrites the header at the end.
/// Clear and reuse a writer: its memory stays, and so does what ``CBOR`` keeps in it to encode without
/// allocating.
package final class ByteWriter {
    /// In the header of `block`, and its first memory in the elements: one allocation.
    @usableFromInline let storage: UnsafeMutablePointer<ByteStorage>
    private let block: ManagedBuffer<ByteStorage, SIMD2<UInt64>>
    /// The state of the last encoder that wrote here, kept for the next one; `nil` while one is at work.
    var spareEncoder: CBOREncoderCore?
    /// What has to live until nobody needs the bytes any more.
    package var attachments: [any AnyObject & Sendable] = []

    package init(capacity: Int = 128) {
        let unitCount = max(1, (capacity + 15) / 16)
        block = ManagedBuffer<ByteStorage, SIMD2<UInt64>>.create(minimumCapacity: unitCount) { buffer in
            let base = buffer.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
            return ByteStorage(base: base, capacity: unitCount * 16)
        }
        // The buffer does not move while the writer holds it.
        storage = block.withUnsafeMutablePointerToHeader { $0 }
    }

    /// How many bytes have been written.
    @inlinable package var count: Int { storage.pointee.count }

    /// What has been written. Valid until the next write, and while the writer lives.
    @inlinable package var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storage.pointee.base, count: storage.pointee.count)
    }

    /// Appends the value's bytes as they are in memory, which is little-endian on every platform we build
    /// for.
    @inlinable
    package func append<T: BitwiseCopyable>(_ value: T) {
        storage.pointee.append(value)
    }

    /// Appends a copy of the bytes, which must not be the writer's own.
    @inlinable
    package func append(_ bytes: UnsafeRawBufferPointer) {
        storage.pointee.append(bytes)
    }

    @inlinable
    package func append(byte: UInt8) {
        storage.pointee.append(byte)
    }

    package func appendZeros(_ count: Int) {
        storage.pointee.appendZeros(count)
    }

    /// Overwrites bytes already written, such as a header's length field.
    @inlinable
    package func store<T: BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(
            offset >= 0 && offset <= count - MemoryLayout<T>.size,
            "store of \(MemoryLayout<T>.size) bytes at \(offset) of \(count)"
        )
        storage.pointee.put(value, at: offset)
    }

    /// Inserts a copy of the bytes at `offset` and moves what follows up. The bytes must not be the writer's
    /// own.
    ///
    /// - Complexity: O(*n*) in the bytes after `offset`.
    package func insert(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        storage.pointee.openGap(bytes.count, at: offset)
        if let source = bytes.baseAddress {
            (storage.pointee.base + offset).copyMemory(from: source, byteCount: bytes.count)
        }
    }

    /// Forgets what was written from `count` on.
    package func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "truncate to \(count) of \(self.count) bytes")
        storage.pointee.count = count
    }

    /// Forgets everything written.
    ///
    /// - Parameter keepCapacity: Keeps the memory for the next use. Pass `false` after an unusually large
    ///   message.
    package func removeAll(keepingCapacity keepCapacity: Bool = true) {
        storage.pointee.count = 0
        attachments = []
        guard !keepCapacity else { return }
        storage.pointee = ByteStorage(capacity: 128)
        spareEncoder = nil
    }
}

/// Buffers belong to one encode at a time and cross no isolation boundary.
@available(*, unavailable)
extension ByteWriter: Sendable {}
