import Distributed
import Glibc
import Manta

/// Makes, reads and keeps objects, on the word of tests.
distributed actor Holder: Spawnable {
    struct Parcel: Codable, Sendable, Hashable {
        var label: String
        var items: [ObjectRef<[UInt8]>]
        var byName: [String: ObjectRef<[Float]>] = [:]
    }

    private var kept: [ObjectRef<[UInt8]>] = []
    private var parcels: [Parcel] = []

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func process() -> Int32 { getpid() }

    distributed func make(_ count: Int, of byte: UInt8, owner: ObjectOwner) async throws -> ObjectRef<[UInt8]>
    {
        try await actorSystem.put([UInt8](repeating: byte, count: count), owner: owner)
    }

    distributed func sum(_ ref: ObjectRef<[UInt8]>) async throws -> Int {
        try await ref.get().reduce(0) { $0 + Int($1) }
    }

    /// Reads where the bytes lie.
    distributed func sumInPlace(_ ref: ObjectRef<[Float]>) async throws -> Float {
        try await ref.withSpan { span in
            var sum: Float = 0
            for index in span.indices { sum += span[index] }
            return sum
        }
    }

    distributed func firstAndLast(_ ref: ObjectRef<[UInt8]>) async throws -> [UInt8] {
        try await ref.withSpan { [$0[0], $0[$0.count - 1]] }
    }

    distributed func keep(_ ref: ObjectRef<[UInt8]>) { kept.append(ref) }
    distributed func keepParcel(_ parcel: Parcel) { parcels.append(parcel) }
    distributed func sumKept() async throws -> Int {
        var sum = 0
        for ref in kept + parcels.flatMap(\.items) { sum += try await ref.get().reduce(0) { $0 + Int($1) } }
        return sum
    }
    distributed func give() -> [ObjectRef<[UInt8]>] { kept }
    distributed func drop() {
        kept = []
        parcels = []
    }

    distributed func echo(_ parcel: Parcel) -> Parcel { parcel }
    distributed func length(of bytes: [UInt8]) -> Int { bytes.count }
    distributed func double(_ numbers: [Int]) -> [Int] { numbers.map { $0 * 2 } }
    distributed func repeated(_ text: String, _ count: Int) -> String {
        String(repeating: text, count: count)
    }

    /// Opens an object that holds references.
    distributed func open(_ ref: ObjectRef<Parcel>) async throws -> Int {
        let parcel = try await ref.get()
        var sum = 0
        for item in parcel.items { sum += try await item.get().count }
        return sum
    }
}
