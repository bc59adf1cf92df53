internal import CMantaShims
internal import Foundation
internal import GRDB
internal import MantaCore
internal import MantaGCS

extension StoredEntry.Kind {
    /// The table with the entries of this kind.
    var table: String {
        switch self {
        case .identity: "identity"
        case .counters: "counters"
        case .node: "nodes"
        case .process: "processes"
        case .actor: "actors"
        case .ending: "endings"
        case .job: "jobs"
        }
    }

    /// Reads all entries, and checks each.
    ///
    /// - Throws: ``ClusterError`` with the first that is damaged, and what the database throws.
    func read(from database: Database, into entries: inout [StoredEntry]) throws {
        let count = try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)") ?? 0
        entries.reserveCapacity(entries.count + count)
        let rows = try Row.fetchCursor(database, sql: "SELECT id, checksum, value FROM \(table)")
        while let row = try rows.next() {
            let id: Int64 = row[0]
            let checksum: Int64 = row[1]
            let value = try row.withUnsafeData(atIndex: 2) { $0.map { [UInt8]($0) } } ?? []
            let key = StoredEntry.Key(self, UInt64(bitPattern: id))
            guard key.checksum(of: value) == checksum else {
                throw ClusterError(.undecodable, "the entry \(id) of \(table) is not what was written")
            }
            entries.append(StoredEntry(key, value))
        }
    }
}

extension StoredEntry {
    func write(to database: Database) throws {
        let id = Int64(bitPattern: key.id)
        guard let value else {
            return try database.cachedStatement(sql: "DELETE FROM \(key.kind.table) WHERE id = ?")
                .execute(arguments: [id])
        }
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO \(key.kind.table) (id, checksum, value) VALUES (?, ?, ?)"
        )
        try statement.execute(arguments: [id, key.checksum(of: value), Data(value)])
    }
}

extension StoredEntry.Key {
    /// CRC32C of kind, identifier and value: also an entry in the wrong place is found.
    func checksum(of value: [UInt8]) -> Int64 {
        let head = [UInt8(kind.rawValue)] + withUnsafeBytes(of: id.littleEndian) { Array($0) }
        let start = head.withUnsafeBytes { manta_crc32c(0, $0.baseAddress, $0.count) }
        return Int64(value.withUnsafeBytes { manta_crc32c(start, $0.baseAddress, $0.count) })
    }
}
