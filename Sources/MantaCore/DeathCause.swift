/// Why an actor is dead.
public enum DeathCause: Hashable, Sendable, Codable {
    /// `stop` ended it.
    case stopped
    /// `kill` ended it.
    case killed
    /// The driver that owned it ended, or the actor that did: see ``Lifetime``.
    case jobEnded
    /// Its worker process ended by itself.
    case exited(code: Int32)
    /// A signal ended its worker process; `lastOutput` holds the last lines that it wrote, without the frames of stack
    /// traces. If one of them says why the process trapped, such as `Fatal error: …`, it is the first.
    case crashed(signal: Int32, lastOutput: [String])
    /// Its initialiser threw, or it never started, for want of a place or a worker: then the text begins with
    /// `never started:`.
    case initFailed(String)
    /// Its node was lost.
    case nodeDied(NodeID)
    /// Its node was drained.
    case drained(NodeID)
    /// A newer incarnation replaced it.
    case fenced
    /// Its worker was ended for the memory that it used.
    case outOfMemory
    /// The placement group that held its resources was removed.
    case placementGroupRemoved
    /// Nothing refers to it any more: the end of actors that a process created for itself. Also told of an actor that
    /// has been dead for so long that the directory has forgotten why.
    case released
}

extension DeathCause: CustomStringConvertible {
    public var description: String {
        switch self {
        case .stopped: "it was stopped"
        case .killed: "it was killed"
        case .jobEnded: "its owner ended"
        case .exited(let code): "its worker process exited with code \(code)"
        case .crashed(let signal, let lastOutput):
            "its worker process was ended by signal \(signal) (\(Self.name(ofSignal: signal)))"
                + (lastOutput.isEmpty ? "" : "; last output: ")
                + Self.shown(lastOutput.filter { !$0.isEmpty }).joined(separator: " | ")
        case .initFailed(let reason):
            reason.hasPrefix(Self.neverStartedMark) ? reason : "its init threw: \(reason)"
        case .nodeDied(let node): "\(node) died"
        case .drained(let node): "\(node) was drained"
        case .fenced: "a newer incarnation replaced it"
        case .outOfMemory: "its worker process used too much memory"
        case .placementGroupRemoved: "its placement group was removed"
        case .released: "the process that created it holds it no longer"
        }
    }

    private static func shown(_ lines: [String]) -> [String] {
        guard let first = lines.first, tellsOfTrap(first) else { return lines.suffix(3) }
        return [first] + lines.dropFirst().suffix(2)
    }

    /// Linux's number of the common signals on x86-64 and arm64.
    private static func name(ofSignal signal: Int32) -> String {
        switch signal {
        case 1: "SIGHUP"
        case 2: "SIGINT"
        case 3: "SIGQUIT"
        case 4: "SIGILL, a trap such as a failed precondition"
        case 5: "SIGTRAP, a trap such as a failed precondition"
        case 6: "SIGABRT"
        case 7: "SIGBUS"
        case 8: "SIGFPE"
        case 9: "SIGKILL"
        case 11: "SIGSEGV"
        case 13: "SIGPIPE"
        case 15: "SIGTERM"
        default: "see signal(7)"
        }
    }
}

extension DeathCause {
    private static let neverStartedMark = "never started: "

    /// It got no place or no worker, so that no initialiser ran.
    package static func neverStarted(_ error: ClusterError) -> Self {
        .initFailed("\(neverStartedMark)\(error)")
    }

    /// Whether a line of output is what Swift writes when a program traps.
    package static func tellsOfTrap(_ line: String) -> Bool {
        ["Fatal error:", "Assertion failed", "Precondition failed"].contains { line.contains($0) }
    }
}
