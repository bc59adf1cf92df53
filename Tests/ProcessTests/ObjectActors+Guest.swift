import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

/// What a guest of these tests does.
enum GuestPart: String {
    /// Joins a cluster, and makes and reads objects in it until it is ended.
    case borrow
    /// Has a cluster of its own whose objects go to the disk, until it is ended.
    case spill
    /// Writes down how its environment configures it.
    case settings

    static let variable = "MANTA_TEST_GUEST"
    /// Names a file that the guest writes when it has come so far.
    static let outputVariable = "MANTA_TEST_GUEST_OUTPUT"

    static var own: GuestPart? { environment(variable).flatMap { GuestPart(rawValue: $0) } }
    static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }
}

/// This program, started again as another one that plays its part in the suite `ObjectGuest`.
final class GuestProcess {
    let id: pid_t
    private var status: Int32?

    init(_ part: GuestPart, _ variables: [String: String]) throws {
        let arguments = [
            "/proc/self/exe", "--testing-library", "swift-testing", "--filter", "ObjectGuest/serve",
        ]
        let environment = ProcessInfo.processInfo.environment
            .merging([GuestPart.variable: part.rawValue]) { $1 }.merging(variables) { $1 }
            .map { "\($0)=\($1)" }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var id: pid_t = 0
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) { posix_spawn(&id, "/proc/self/exe", &actions, nil, arguments, $0) }
        }
        try #require(error == 0, "no guest was started")
        self.id = id
    }

    var hasEnded: Bool {
        var new: Int32 = 0
        if status == nil, waitpid(id, &new, WNOHANG) == id { status = new }
        return status != nil
    }

    deinit {
        guard !hasEnded else { return }
        kill(id, SIGKILL)
        var status: Int32 = 0
        waitpid(id, &status, 0)
    }
}

private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
    let copies = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
}
