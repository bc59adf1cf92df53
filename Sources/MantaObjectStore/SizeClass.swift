/// The lists that free extents are kept in, by size.
///
/// As in TLSF (Masmano, Ripoll, Crespo and Real, "TLSF: a new dynamic memory allocator for real-time systems", 2004):
/// up to 32 units of 64 bytes a class for each size, above that 16 for each power of two. So an extent of a higher
/// class always fits, one of the request's own class may, and both are found with a few bit operations.
enum SizeClass {
    /// Enough for 16 TiB, the largest store; the file has room for 640.
    static let count = 640

    /// The class of extents of that size, which is a multiple of 64 and at least 64.
    static func of(_ byteCount: Int) -> Int {
        let units = byteCount / StoreLayout.alignment
        guard units >= 16 else { return units }
        let exponent = Int.bitWidth - 1 - units.leadingZeroBitCount
        return (exponent - 3) * 16 + (units >> (exponent - 4)) & 15
    }
}
