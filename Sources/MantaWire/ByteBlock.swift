/// Raw memory that belongs to an object: one allocation, freed with it, aligned to 16 bytes.
///
/// Instead of `UnsafeMutableRawPointer.allocate`, which goes to `posix_memalign` on Linux even for small
/// alignments; glibc has no per-thread cache for that, so it takes several times as long as an object does.
package final class ByteBlock {
    private let storage: ManagedBuffer<Void, SIMD2<UInt64>>
    package let base: UnsafeMutableRawPointer
    package let capacity: Int

    package init(capacity: Int) {
        self.capacity = max(capacity, 16)
        storage = ManagedBuffer<Void, SIMD2<UInt64>>.create(minimumCapacity: (self.capacity + 15) / 16) { _ in
        }
        base = storage.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
    }
}
