internal import Logging

extension Logger {
    /// A logger of a process that has been told its level as a text, as launch records have it.
    init(label: String, level: String) {
        self.init(label: label)
        logLevel = Level(rawValue: level) ?? .info
    }
}
