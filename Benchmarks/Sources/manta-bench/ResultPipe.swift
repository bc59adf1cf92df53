import Glibc

/// The way of a measuring process's results to the one that started it: a line of name and value for each,
/// over what was its standard output.
struct ResultPipe {
    private let descriptor: Int32

    /// Takes the standard output, and sends what else is printed to the standard error.
    init() throws {
        descriptor = fcntl(1, F_DUPFD_CLOEXEC, 10)
        guard descriptor >= 0, dup2(2, 1) >= 0 else {
            throw BenchmarkError(description: "cannot set the standard output aside: error \(errno)")
        }
    }

    func send(_ figure: Figure, _ value: Double) {
        let line = Array("\(figure.rawValue)\t\(value)\n".utf8)
        _ = write(descriptor, line, line.count)
    }

    /// What `send` wrote.
    static func results(in text: String) -> [(figure: Figure, value: Double)] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t")
            guard parts.count == 2, let figure = Figure(rawValue: String(parts[0])),
                let value = Double(parts[1])
            else { return nil }
            return (figure, value)
        }
    }
}
