extension CodingUserInfoKey {
    /// While an object is encoded: present. While it is decoded: its identifier, because it holds what its references refer
    /// to until they are counted.
    static let objectContainer: CodingUserInfoKey = {
        guard let key = CodingUserInfoKey(rawValue: "manta.object") else {
            preconditionFailure("a key with a name is always made")
        }
        return key
    }()
}
