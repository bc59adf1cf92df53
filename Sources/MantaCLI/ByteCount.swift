/// An amount of memory, as options and listings write it: `512MiB`, `1.5 GiB`.
package struct ByteCount: Hashable, Sendable {
    package var value: Int

    package init(_ value: Int) { self.value = value }

    /// From the largest, as listings choose them.
    private static let binaryUnits: [(name: String, size: Int)] = [
        ("PiB", 1 << 50), ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ]
    private static let otherUnits: [(name: String, size: Int)] = [
        ("PB", 1_000_000_000_000_000), ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000),
        ("KB", 1_000), ("B", 1),
    ]

    /// Reads bytes, or a number with a unit, in any case: `KiB` to `PiB` are powers of 1,024, `KB` to `PB` powers of 1,000.
    ///
    /// - Throws: ``OptionError`` for anything else, and what no machine has.
    package init(_ text: String) throws(OptionError) {
        let compact = text.filter { $0 != " " && $0 != "_" }
        let digits = compact.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = compact.dropFirst(digits.count).lowercased()
        let unit = (Self.binaryUnits + Self.otherUnits).first { $0.name.lowercased() == suffix }
        guard let size = suffix.isEmpty ? 1 : unit?.size, let value = Self.product(String(digits), size)
        else {
            throw OptionError(
                "\"\(text)\" is no size: write bytes, or a number with KiB, MiB, GiB or TiB, such as 512MiB or 1.5GiB"
            )
        }
        self.value = value
    }

    private static func product(_ digits: String, _ size: Int) -> Int? {
        if let count = Int(digits) {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            return overflow ? nil : product
        }
        guard let count = Double(digits) else { return nil }
        return Int(exactly: (count * Double(size)).rounded())
    }
}

extension ByteCount: CustomStringConvertible {
    /// In the largest unit of which there is one: `1.5 GiB`, `12 MiB`, `17 B`.
    package var description: String {
        let magnitude = value.magnitude
        guard let unit = Self.binaryUnits.first(where: { magnitude >= $0.size }) else { return "\(value) B" }
        // In tenths, because more digits say no more to a reader.
        let tenths = (Double(value) / Double(unit.size) * 10).rounded() / 10
        return "\(decimal: tenths) \(unit.name)"
    }
}
