/// The calls of one peer that run here, by their numbers.
///
/// A caller uses the lowest numbers that are free, so an array of them is short, and quicker than a
/// dictionary.
struct ServedCalls {
    /// No caller has more calls open: see `CallTable`.
    private static let numberLimit: UInt32 = 1 << 20

    private var slots: [ServedCall?] = []
    private(set) var count = 0

    subscript(_ number: UInt32) -> ServedCall? { number < slots.count ? slots[Int(number)] : nil }

    var all: [ServedCall] { slots.compactMap { $0 } }

    /// `false` when the number is taken, or no caller would use it.
    mutating func insert(_ call: ServedCall) -> Bool {
        guard call.number < Self.numberLimit else { return false }
        while slots.count <= call.number { slots.append(nil) }
        guard slots[Int(call.number)] == nil else { return false }
        slots[Int(call.number)] = call
        count += 1
        return true
    }

    /// `false` when the call is not, or no longer, in the table.
    mutating func remove(_ call: ServedCall) -> Bool {
        guard self[call.number] === call else { return false }
        slots[Int(call.number)] = nil
        count -= 1
        return true
    }

    mutating func removeAll() -> [ServedCall] {
        defer { (slots, count) = ([], 0) }
        return all
    }
}
