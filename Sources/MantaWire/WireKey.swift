/// A key in a coding path, rebuilt from the bytes.
///
/// Paths are made only for errors and for who asks. Until then a frame just knows where its key was written,
/// so the path holds these and not the program's own `CodingKeys`; names and indices are the same.
struct WireKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "Index \(intValue)"
        self.intValue = intValue
    }

    static let superclass = "super"
}

/// Where the key of a value lies: one word in place of a `CodingKey`.
struct KeyPlace {
    /// An offset in the bytes, `-1` for no key, or `-2 - index` for an array element.
    private let word: Int

    private init(word: Int) { self.word = word }

    static let none = Self(word: -1)
    static func text(at offset: Int) -> Self { Self(word: offset) }
    static func element(_ index: Int) -> Self { Self(word: -2 - index) }

    /// The place after the bytes before `offset` have been taken away.
    func moved(by offset: Int) -> Self { word >= 0 ? Self(word: word - offset) : self }

    var offset: Int? { word >= 0 ? word : nil }

    /// The key at this place, in the bytes that the place was taken from.
    func key(in bytes: UnsafeRawBufferPointer) -> WireKey? {
        if word == -1 { return nil }
        guard word >= 0 else { return WireKey(intValue: -2 - word) }
        guard word <= bytes.count else { return nil }
        var reader = ByteReader(bytes, cursor: word)
        return (try? reader.readKey()).map(WireKey.init(stringValue:))
    }
}
