extension CBORDecoderCore {
    /// The keys that lead to a frame.
    func codingPath(of reference: FrameReference) -> [any CodingKey] {
        codingPath(of: index(reference), key: .none)
    }

    /// The keys that lead to a frame, and the key of a value in it.
    func codingPath(of parent: Int32, key: KeyPlace) -> [any CodingKey] {
        var path: [any CodingKey] = []
        if let key = key.key(in: state.pointee.bytes) { path.append(key) }
        var index = parent
        while index >= 0 {
            let frame = state.pointee.frames[Int(index)]
            if let key = frame.key.key(in: state.pointee.bytes) { path.append(key) }
            index = frame.parent
        }
        return path.reversed()
    }

    /// Adds the coding path to errors about values; errors about the bytes themselves stay as they are.
    @inline(never)
    func explain(_ error: WireError, _ type: Any.Type, at start: Int, parent: Int32, key: KeyPlace)
        -> any Error
    {
        guard error.code == .typeMismatch || error.code == .outOfRange else { return error }
        let context = DecodingError.Context(
            codingPath: codingPath(of: parent, key: key),
            debugDescription: error.message,
            underlyingError: error
        )
        if error.code == .outOfRange { return DecodingError.dataCorrupted(context) }
        var reader = reader(at: start)
        let isNil = (try? reader.takeNil()) ?? false
        return isNil ? DecodingError.valueNotFound(type, context) : DecodingError.typeMismatch(type, context)
    }

    @inline(never)
    func keyNotFound(_ key: any CodingKey, _ reference: FrameReference) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: codingPath(of: reference),
            debugDescription: "the map has no key \"\(key.stringValue)\""
        )
        return .keyNotFound(key, context)
    }

    @inline(never)
    func noElement(_ type: Any.Type, at index: Int, _ reference: FrameReference) -> DecodingError {
        let context = DecodingError.Context(
            codingPath: codingPath(of: self.index(reference), key: .element(index)),
            debugDescription: "\(type) asked for behind the last of \(index) elements"
        )
        return .valueNotFound(type, context)
    }
}
