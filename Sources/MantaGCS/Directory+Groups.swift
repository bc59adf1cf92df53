extension Directory {
    /// Sets by key, of which no empty one is kept.
    struct Groups<Key: Hashable & Sendable, Member: Hashable & Sendable>: Sendable {
        private var members: [Key: Set<Member>] = [:]

        /// In no order.
        subscript(key: Key) -> Set<Member> { members[key] ?? [] }

        mutating func insert(_ member: Member, into key: Key) {
            members[key, default: []].insert(member)
        }

        mutating func remove(_ member: Member, from key: Key) {
            members[key]?.remove(member)
            if members[key]?.isEmpty == true { members[key] = nil }
        }
    }
}
