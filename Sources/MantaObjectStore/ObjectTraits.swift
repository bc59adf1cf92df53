/// What is fixed about an object when its room is reserved, packed into 32 bits of its record.
struct ObjectTraits: Hashable, Sendable {
    /// How far behind a 64-byte boundary it begins, from 0 to 63.
    var lead: Int
    var role: ObjectStore.Role
    var holdsReferences: Bool

    init(lead: Int, role: ObjectStore.Role, holdsReferences: Bool) {
        self.lead = lead
        self.role = role
        self.holdsReferences = holdsReferences
    }

    init(packed: UInt32) {
        lead = Int(packed & 0xff)
        // A record that is read while it changes may have anything: who reads it so looks again under the lock.
        role = ObjectStore.Role(rawValue: UInt8(truncatingIfNeeded: packed >> 8)) ?? .primary
        holdsReferences = packed >> 16 & 1 != 0
    }

    var packed: UInt32 {
        UInt32(lead) | UInt32(role.rawValue) << 8 | (holdsReferences ? 1 << 16 : 0)
    }
}
