/// The newest of all that was ever inserted: what must be known again when it comes late, without growing forever.
package struct NewestSet<Element: Hashable & Sendable>: Hashable, Sendable {
    private let limit: Int
    private var members: Set<Element> = []
    /// In the order of insertion from `oldest` on, around the end.
    private var order: [Element] = []
    private var oldest = 0

    /// - Parameter limit: How many are remembered.
    package init(limit: Int) { self.limit = limit }

    package var isEmpty: Bool { members.isEmpty }

    package func contains(_ element: Element) -> Bool { members.contains(element) }

    /// - Returns: Whether it was new.
    @discardableResult
    package mutating func insert(_ element: Element) -> Bool {
        guard members.insert(element).inserted else { return false }
        if order.count < limit {
            order.append(element)
        } else {
            members.remove(order[oldest])
            order[oldest] = element
            oldest = (oldest + 1) % limit
        }
        return true
    }
}
