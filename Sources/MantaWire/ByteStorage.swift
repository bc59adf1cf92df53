/// The memory behind a ``ByteWriter``.
///
/// A struct behind a pointer and not the stored properties of a class: the optimiser cannot prove that
/// accesses to class properties never overlap and would check each at run time, which costs more than the
/// append itself.
@usableFromInline
struct ByteStorage {
    @usableFromInline var base: UnsafeMutableRawPointer
    /// Owns the memory at `base`; `nil` while that belongs to whoever owns this.
    private var block: ByteBlock?
    @usableFromInline var count = 0
    @usableFromInline var capacity: Int

    init(capacity: Int) {
        let block = ByteBlock(capacity: capacity)
        self.block = block
        base = block.base
        self.capacity = block.capacity
    }

    /// Starts in memory that somebody else owns, and leaves it when more is needed.
    init(base: UnsafeMutableRawPointer, capacity: Int) {
        self.base = base
        self.capacity = capacity
    }

    /// Makes room for `extra` more bytes.
    @inlinable
    mutating func reserve(_ extra: Int) {
        if capacity &- count < extra { grow(extra) }
    }

    @inline(never)
    @usableFromInline
    mutating func grow(_ extra: Int) {
        let capacity = max(self.capacity * 2, count + extra)
        let larger = ByteBlock(capacity: capacity)
        larger.base.copyMemory(from: base, byteCount: count)
        block = larger
        base = larger.base
        self.capacity = larger.capacity
    }

    @inlinable
    mutating func append<T: BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        put(value, at: count)
        count &+= MemoryLayout<T>.size
    }

    /// The caller has reserved the room.
    @inlinable
    func put<T: BitwiseCopyable>(_ value: T, at offset: Int) {
        (base + offset).storeBytes(of: value, as: T.self)
    }

    @inlinable
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count &+= bytes.count
    }

    mutating func appendZeros(_ zeros: Int) {
        precondition(zeros >= 0, "cannot append \(zeros) bytes")
        reserve(zeros)
        (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: zeros)
        count += zeros
    }

    /// Opens a gap of `gap` bytes at `offset` and moves what follows up. The gap holds garbage.
    mutating func openGap(_ gap: Int, at offset: Int) {
        precondition(
            gap >= 0 && offset >= 0 && offset <= count,
            "gap of \(gap) at \(offset) of \(count) bytes"
        )
        reserve(gap)
        (base + (offset + gap)).copyMemory(from: base + offset, byteCount: count - offset)
        count += gap
    }
}
