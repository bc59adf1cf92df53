internal import ArgumentParser
internal import Glibc
internal import MantaCore

/// Where the tool starts: runs the command, and turns its error into words and an exit code.
@main
enum Main {
    static func main() async {
        do {
            var command = try MantaTool.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            try Console.checkOutput()
        } catch let error as ClusterError {
            Console.note("manta: \(Console.describe(error))")
            exit(ExitStatus(error).rawValue)
        } catch {
            MantaTool.exit(withError: error)
        }
    }
}
