package import MantaObjectStore

/// Memory that an object is received into, for as long as this lives.
package protocol BulkDestination: AnyObject, Sendable {
    var bytes: UnsafeMutableRawBufferPointer { get }
}

extension Reservation: BulkDestination {}
