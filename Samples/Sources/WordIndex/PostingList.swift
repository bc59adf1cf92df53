/// The files in which a word occurs, and how often in each.
///
/// Two arrays of numbers rather than one of pairs: numbers travel as one run of bytes, without a name for
/// each.
struct PostingList: Codable, Sendable {
    /// Numbers that the driver has given to the files.
    private(set) var files: [Int] = []
    private(set) var counts: [Int] = []
    /// The sum of `counts`.
    private(set) var total = 0

    var fileCount: Int { files.count }

    mutating func append(file: Int, count: Int) {
        files.append(file)
        counts.append(count)
        total += count
    }

    func map<T>(_ transform: ((file: Int, count: Int)) -> T) -> [T] {
        zip(files, counts).map { transform(($0, $1)) }
    }
}
