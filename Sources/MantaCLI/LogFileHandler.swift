package import Logging

/// Writes the log of a daemon: a time in UTC, a level, a message, then what belongs to it by name.
package struct LogFileHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    private let write: @Sendable (String) -> Void

    /// `write` gets each line, with its line break.
    package init(label: String, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        write(Self.line(event, label: label, metadata: metadata, time: .now))
    }

    static func line(_ event: LogEvent, label: String, metadata: Logger.Metadata, time: Timestamp) -> String {
        var line = "\(time) \(event.level.rawValue.uppercased()) \(label): \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(name)=\(quoted("\(value)"))" }
        if let error = event.error { line += " error=\(quoted("\(error)"))" }
        return oneLine(line) + "\n"
    }

    /// As it is, unless a reader could not tell where it ends.
    private static func quoted(_ value: String) -> String {
        let isPlain = !value.isEmpty && !value.contains { $0 == " " || $0 == "\"" || $0.isNewline }
        return isPlain ? value : "\"\(value.replacing("\"", with: "\\\""))\""
    }

    /// A message of several lines stays one: a line that starts without a time belongs to nobody.
    private static func oneLine(_ text: String) -> String {
        text.contains(where: \.isNewline)
            ? text.split(whereSeparator: \.isNewline).joined(separator: " | ") : text
    }
}
