internal import Glibc
internal import MantaCore

/// What the objects of a torture hold: bytes that follow from their id and size, all of them.
enum Content {
    static let sizeLimit = 1 << 20
    private static let shifts = 65_521

    /// Repeats itself after a prime number of bytes, so not with pages or extents.
    private static let noise: [UInt8] = {
        var random = SplitMix64(seed: 1)
        var period: [UInt8] = []
        while period.count < shifts { withUnsafeBytes(of: random.next()) { period += $0 } }
        period.removeLast(period.count - shifts)
        var noise: [UInt8] = []
        while noise.count < sizeLimit + shifts { noise += period }
        return noise
    }()

    private static func start(_ id: ObjectID, _ byteCount: Int) -> Int {
        var random = SplitMix64(seed: id.creator.rawValue &* 31 &+ id.serial &* 7 &+ UInt64(byteCount))
        return Int(random.next() % UInt64(shifts))
    }

    static func write(_ id: ObjectID, to bytes: UnsafeMutableRawBufferPointer) {
        noise.withUnsafeBytes { noise in
            let start = start(id, bytes.count)
            bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: noise[start..<start + bytes.count]))
        }
    }

    static func isRight(_ id: ObjectID, _ bytes: UnsafeRawBufferPointer) -> Bool {
        noise.withUnsafeBytes { noise in
            let start = start(id, bytes.count)
            guard bytes.count > 0, let here = bytes.baseAddress, let there = noise.baseAddress else {
                return true
            }
            return memcmp(here, there + start, bytes.count) == 0
        }
    }
}
