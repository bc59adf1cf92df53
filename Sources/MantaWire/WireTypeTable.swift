import Synchronization

/// A direct-mapped cache from a type's metadata address to its kind, shared by all threads.
///
/// One word holds both, the kind in the upper byte and the address below it, so that a relaxed load sees a
/// whole entry, of this type or of another.
final class WireTypeTable: Sendable {
    private static let addressMask: UInt = 1 << 56 - 1
    /// 2,048 words: far more than the types that travel in one program.
    private static let indexBits: UInt = 11

    /// Set once, never freed before the table, and what it points to is atomic.
    private nonisolated(unsafe) let slots: UnsafeMutablePointer<Atomic<UInt>>

    init() {
        let count = 1 << Int(Self.indexBits)
        slots = .allocate(capacity: count)
        for index in 0..<count { (slots + index).initialize(to: Atomic(0)) }
    }

    deinit {
        slots.deinitialize(count: 1 << Int(Self.indexBits))
        slots.deallocate()
    }

    @inline(__always)
    func kind(at address: UInt) -> WireTypeKind? {
        let word = slots[Self.index(of: address)].load(ordering: .relaxed)
        // Zero, in an empty slot, is no kind.
        guard word & Self.addressMask == address else { return nil }
        return WireTypeKind(rawValue: UInt8(truncatingIfNeeded: word >> 56))
    }

    func store(_ kind: WireTypeKind, at address: UInt) {
        // An address with anything in its upper byte, which no kernel hands out today, is not remembered.
        guard address & ~Self.addressMask == 0 else { return }
        slots[Self.index(of: address)].store(UInt(kind.rawValue) << 56 | address, ordering: .relaxed)
    }

    /// Fibonacci hashing: metadata of one module lies at regular distances.
    @inline(__always)
    private static func index(of address: UInt) -> Int {
        Int(truncatingIfNeeded: (address >> 3 &* 0x9E37_79B9_7F4A_7C15) >> (64 - indexBits))
    }
}
