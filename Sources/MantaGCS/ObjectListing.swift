package import MantaCore

/// Copies of objects, and how many there are, for lists that are too long to be shown.
package struct ObjectListing: Sendable, Codable {
    package var objects: [ObjectInfo]
    package var count: Int

    package init(_ objects: [ObjectInfo] = []) {
        self.objects = objects
        count = objects.count
    }

    /// The largest, at most so many.
    package func largest(atMost limit: Int) -> ObjectListing {
        var listing = self
        listing.objects.sort { ($0.byteCount, $1.age) > ($1.byteCount, $0.age) }
        listing.objects.removeLast(max(0, objects.count - limit))
        return listing
    }

    package static func + (left: ObjectListing, right: ObjectListing) -> ObjectListing {
        var sum = left
        sum.objects += right.objects
        sum.count += right.count
        return sum
    }
}
