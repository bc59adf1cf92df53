import MantaCore

/// What is stored of a job. How many actors it has follows from theirs.
struct StoredJob: Codable, Sendable {
    var spec: JobSpec
    var endTime: Double?
    var listedNumber: UInt64?

    init(_ record: JobRecord) {
        spec = record.spec
        endTime = record.endTime
        listedNumber = record.listedNumber
    }

    var record: JobRecord {
        var record = JobRecord(spec: spec)
        record.endTime = endTime
        record.listedNumber = listedNumber
        return record
    }
}
