import Glibc

/// A file of numbers, row after row, each in four bytes as IEEE 754 has them, little-endian, with nothing before, between or
/// after them: what NumPy writes with `matrix.astype("<f4").tofile(path)`.
final class MatrixFile: Sendable {
    let path: String
    let columnCount: Int
    let rowCount: Int
    private let descriptor: CInt

    /// Squares of differences of larger numbers might add up to more than a Float holds.
    private static let largestMagnitude: Float = 1e15

    /// - Parameters:
    ///   - path: Of a regular file.
    ///   - columnCount: How many numbers make a row.
    /// - Throws: ``MatrixFileError`` if it cannot be read, or does not consist of whole rows.
    init(_ path: String, columnCount: Int) throws(MatrixFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MatrixFileError(path, String(cString: strerror(errno))) }
        do throws(MatrixFileError) {
            let byteCount = try Self.byteCount(of: descriptor, path)
            let rowByteCount = columnCount * MemoryLayout<Float>.size
            guard byteCount > 0 else { throw MatrixFileError(path, "it is empty") }
            guard byteCount.isMultiple(of: rowByteCount) else {
                throw MatrixFileError(
                    path,
                    """
                    its \(byteCount) bytes are no whole number of rows: a row of \(columnCount) columns takes \
                    \(rowByteCount) bytes, so \(byteCount % rowByteCount) are left after row \(byteCount / rowByteCount)
                    """
                )
            }
            rowCount = byteCount / rowByteCount
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
        self.columnCount = columnCount
    }

    deinit { close(descriptor) }

    private static func byteCount(of descriptor: CInt, _ path: String) throws(MatrixFileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw MatrixFileError(path, String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw MatrixFileError(path, "it is no regular file") }
        return Int(status.st_size)
    }

    /// The rows with these numbers.
    ///
    /// - Parameter numbers: Counted from 0.
    /// - Returns: One row after the other.
    /// - Throws: ``MatrixFileError`` if the file cannot be read, or holds what cannot be clustered.
    func rows(_ numbers: Range<Int>) throws -> [Float] {
        let values = try [Float](unsafeUninitializedCapacity: numbers.count * columnCount) { buffer, count in
            try read(
                UnsafeMutableRawBufferPointer(buffer),
                at: numbers.lowerBound * columnCount * MemoryLayout<Float>.size
            )
            count = buffer.count
        }
        if let place = values.firstIndex(where: { !($0.magnitude <= Self.largestMagnitude) }) {
            throw MatrixFileError(
                path,
                """
                row \(numbers.lowerBound + place / columnCount), column \(place % columnCount), is \(values[place]); \
                numbers have to be finite and at most 1e15 in size
                """
            )
        }
        return values
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(MatrixFileError) {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw MatrixFileError(path, String(cString: strerror(errno))) }
            guard count > 0 else { throw MatrixFileError(path, "it has been cut off since it was opened") }
            done += count
        }
    }
}

/// A file that no rows can be read from.
struct MatrixFileError: Error, CustomStringConvertible {
    var path: String
    var reason: String

    init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    var description: String { "\(path): \(reason)" }
}
