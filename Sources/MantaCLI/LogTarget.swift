package import MantaCore

/// Whose log is asked for.
package enum LogTarget: Hashable, Sendable {
    case node(NodeID)
    /// A job, by its driver.
    case job(ProcessID)
    /// An actor, by its number or its name; a node, by its address; or a program in the background.
    case name(String)

    /// `node-…`, `process-…` and `job-…` are identifiers; what anything else is, the cluster tells.
    package init(_ text: String) {
        if let node = try? NodeID(from: text) {
            self = .node(node)
        } else if let job = try? ProcessID(
            from: text.hasPrefix(Self.jobPrefix) ? "process-\(text.dropFirst(Self.jobPrefix.count))" : text
        ) {
            self = .job(job)
        } else {
            self = .name(text)
        }
    }

    private static let jobPrefix = "job-"

    /// The folder of a job's logs.
    package static func folder(of job: ProcessID) -> String { jobPrefix + String(job.rawValue, radix: 16) }

    /// The actor that `text` names, of all that there are: by its identifier, or its name, with the namespace before it and
    /// a slash where that is not the usual one. Of several that had a name, the one that is alive, else the last.
    package static func actor(_ text: String, among actors: [ActorInfo]) -> ActorInfo? {
        let named = actors.filter { actor in
            guard let name = actor.name else { return false }
            return text == "\(actor.namespace)/\(name)"
                || text == name && actor.namespace == QualifiedName.defaultNamespace
        }
        return actors.first { "\($0.id)" == text } ?? named.first { $0.state != .dead } ?? named.last
    }

    // MARK: Programs in the background

    /// The log of the program that `manta submit --detach` has called `program`.
    package static func log(ofProgram program: String) -> String { "submit-\(program).log" }

    /// The log that `text` names, if it has the form of such a program: `435e852c`, or what `--list` shows of it,
    /// `submit-435e852c.log`.
    package static func programLog(_ text: String) -> String? {
        var name = text[...]
        if name.hasPrefix("submit-") { name = name.dropFirst("submit-".count) }
        if name.hasSuffix(".log") { name = name.dropLast(".log".count) }
        guard let number = UInt32(name, radix: 16), String(number, radix: 16) == name else { return nil }
        return log(ofProgram: String(name))
    }
}
