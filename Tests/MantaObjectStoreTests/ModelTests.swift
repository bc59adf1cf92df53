import MantaCore
import Testing

@testable import MantaObjectStore

/// Random operations of several clients, beside a model that has an entry for every 64 bytes.
@Suite("An object store and its model")
struct ModelTests {
    private struct Model {
        struct Object {
            var units: Range<Int>
            var byteCount: Int
            var isSealed = false
            var isDoomed = false
            var pins: [ObjectPin] = []
            var reservation: Reservation?
        }

        var objects: [Int: Object] = [:]
        /// Which object has each unit of the data.
        var units: [Int?]
        var lastKey = 0

        var longestGap: Int {
            units.split(omittingEmptySubsequences: true) { $0 != nil }.map(\.count).max() ?? 0
        }
    }

    @Test("all bytes are somebody's, once, and every answer is the model's", arguments: UInt64(1)...6)
    func agree(seed: UInt64) throws {
        let stores = try Stores(capacity: 1 << 18)
        var clients = [stores.keeper, try stores.open(), try stores.open()]
        var random = SplitMix64(seed: seed)
        var model = Model(units: Array(repeating: nil, count: (1 << 18) / 64))
        for step in 0..<4_000 {
            let client = clients[Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<100, using: &random) {
            case ..<40: try reserve(client, &model, &random)
            case ..<55: try seal(&model, &random)
            case ..<75: try pin(client, &model, &random)
            case ..<85: try unpin(&model, &random)
            case ..<97: try free(client, &model, &random)
            case ..<98: clients[2] = try stores.open()
            default: try compare(stores, model)
            }
            if step % 100 == 0 { #expect(try stores.faults() == [], "step \(step)") }
        }
        model.objects = [:]
        for entry in try stores.keeper.entries() { try stores.keeper.free(entry.id) }
        #expect(try stores.keeper.figures().usedByteCount == 0)
        #expect(try stores.keeper.figures().pinnedByteCount == 0)
        #expect(try stores.faults() == [])
    }

    private func id(_ key: Int) -> ObjectID { ObjectID(creator: ProcessID(9), serial: UInt64(key)) }

    private func key(_ model: Model, _ random: inout SplitMix64) -> Int? {
        model.objects.keys.sorted().randomElement(using: &random)
    }

    private func forget(_ key: Int, _ model: inout Model) {
        guard let object = model.objects.removeValue(forKey: key) else { return }
        for unit in object.units { model.units[unit] = nil }
    }

    private func reserve(_ client: ObjectStore, _ model: inout Model, _ random: inout SplitMix64) throws {
        let byteCount = Int.random(in: 0...(Bool.random(using: &random) ? 500 : 40_000), using: &random)
        let lead = Int.random(in: 0..<64, using: &random)
        let count = max(1, (lead + byteCount + 63) / 64)
        let key = model.lastKey + 1
        let reserved = try client.reserve(id(key), owner: anyOwner, byteCount: byteCount, lead: lead)
        guard let reserved else {
            #expect(model.longestGap < count)
            return
        }
        model.lastKey = key
        let start = try #require(reserved.bytes.baseAddress)
        let offset = start - (client.tables.base + client.tables.layout.dataOffset)
        #expect(offset % 64 == lead)
        let units = offset / 64..<offset / 64 + count
        for unit in units {
            #expect(model.units[unit] == nil)
            model.units[unit] = key
        }
        fill(reserved.bytes, seed: key)
        model.objects[key] = Model.Object(units: units, byteCount: byteCount, reservation: reserved)
    }

    private func seal(_ model: inout Model, _ random: inout SplitMix64) throws {
        guard let key = key(model, &random), let object = model.objects[key],
            let reservation = object.reservation
        else { return }
        if Int.random(in: 0..<8, using: &random) > 0 {
            try reservation.seal()
            model.objects[key]?.isSealed = true
            if object.isDoomed { forget(key, &model) }
        } else {
            forget(key, &model)
        }
        model.objects[key]?.reservation = nil
    }

    private func pin(_ client: ObjectStore, _ model: inout Model, _ random: inout SplitMix64) throws {
        guard let key = key(model, &random), let object = model.objects[key] else { return }
        let pin = try client.pin(id(key))
        #expect((pin != nil) == (object.isSealed && !object.isDoomed))
        guard let pin else { return }
        #expect(isFilled(pin.bytes, seed: key))
        #expect(pin.bytes.count == object.byteCount)
        model.objects[key]?.pins.append(pin)
    }

    private func unpin(_ model: inout Model, _ random: inout SplitMix64) throws {
        guard let key = key(model, &random), let pin = model.objects[key]?.pins.popLast() else { return }
        #expect(isFilled(pin.bytes, seed: key))
        if model.objects[key]?.isDoomed == true, model.objects[key]?.pins.isEmpty == true {
            forget(key, &model)
        }
    }

    private func free(_ client: ObjectStore, _ model: inout Model, _ random: inout SplitMix64) throws {
        guard let key = key(model, &random), let object = model.objects[key] else { return }
        #expect(try client.free(id(key)) == !object.isDoomed)
        model.objects[key]?.isDoomed = true
        if object.isSealed, object.pins.isEmpty { forget(key, &model) }
    }

    private func compare(_ stores: Stores, _ model: Model) throws {
        let figures = try stores.keeper.figures()
        #expect(figures.objectCount == model.objects.count)
        #expect(figures.usedByteCount == model.objects.values.map { $0.units.count * 64 }.reduce(0, +))
        #expect(
            figures.pinnedByteCount
                == model.objects.values.filter { !$0.pins.isEmpty }.map { $0.units.count * 64 }.reduce(0, +)
        )
        let doomed = Set(model.objects.filter(\.value.isDoomed).map { id($0.key) })
        #expect(Set(try stores.keeper.entries().filter(\.isDoomed).map(\.id)) == doomed)
    }
}
