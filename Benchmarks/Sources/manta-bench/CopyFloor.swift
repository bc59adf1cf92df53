import CFloor

/// A copy in C: the floor under putting an object of as many bytes.
struct CopyFloor: ~Copyable {
    private var copy = cfloor_copy()
    private let byteCount: Int

    /// Takes twice `byteCount` of memory and touches it.
    init(byteCount: Int) throws {
        self.byteCount = byteCount
        try check(cfloor_copy_start(&copy, byteCount), "take memory for a copy")
    }

    deinit {
        withUnsafePointer(to: copy) { cfloor_copy_stop($0) }
    }

    /// Copies different random bytes `count` times into the same memory; how many nanoseconds all copies took together.
    func nanoseconds(count: Int) -> UInt64 {
        (1...UInt64(count)).reduce(0) { sum, seed in
            sum + withUnsafePointer(to: copy) { cfloor_copy_run($0, seed) }
        }
    }

    /// The same, each into shared memory that nobody has touched before.
    func freshNanoseconds(count: Int) throws -> UInt64 {
        try (1...UInt64(count)).reduce(0) { sum, seed in
            var nanoseconds: UInt64 = 0
            try withUnsafePointer(to: copy) { copy in
                try check(
                    cfloor_copy_run_fresh(copy, seed, &nanoseconds),
                    "copy into fresh shared memory"
                )
            }
            return sum + nanoseconds
        }
    }
}
