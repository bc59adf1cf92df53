internal import MantaCore
internal import MantaGCS

/// A log that is shown, up to a position.
struct LogView {
    let source: any LogSource
    let file: LogFileInfo
    private var position: LogPosition?

    init(source: any LogSource, file: LogFileInfo) {
        self.source = source
        self.file = file
    }

    /// Leaves out all but the last lines; nothing for `nil`.
    mutating func begin(lineCount: Int?) async throws {
        if let lineCount { position = try await source.tail(of: file.name, lineCount: lineCount) }
    }

    /// Shows what there is behind the position, under a title if it is one of several logs.
    mutating func showMore(hasTitle: Bool) async throws {
        var isFirst = true
        while true {
            let piece = try await source.piece(of: file.name, after: position)
            position = piece.next
            if !piece.bytes.isEmpty {
                if isFirst, hasTitle { Console.print("==> \(source.title) \(file.name) <==") }
                isFirst = false
                Console.write(piece.bytes, to: 1)
                // Else a log would be followed to nowhere.
                try Console.checkOutput()
            }
            if piece.isEnd { return }
        }
    }

    static func table(_ views: [LogView]) -> TextTable {
        var table = TextTable([.init("NODE"), .init("LOG"), .init("SIZE", .right), .init("LAST WRITTEN")])
        for view in views {
            table.append([
                view.source.title, view.file.name, "\(ByteCount(view.file.byteCount))",
                Timestamp(secondsSinceEpoch: view.file.modified).short,
            ])
        }
        return table
    }
}
