internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaStorage

/// A process that commits to a stored directory is killed over and over, and what it leaves behind is opened, whole and
/// damaged.
///
///     manta-directory-torture run [SECONDS] [SEED]           kill at random instants, and damage copies of the files
///     manta-directory-torture elect ETCD [SECONDS] [SEED]    kill heads that were elected through etcd
///
/// Ends with 0 when nothing was wrong: what was told to be durable is there, commits are there in whole or not at all, and
/// damaged files are refused. The other roles are for the processes that it starts.
@main
enum Torture {
    static func main() async {
        manta_line_buffer_stdout()
        do {
            switch CommandLine.arguments.dropFirst().first {
            case "run":
                var torture = try KillTorture(seed: number(3) ?? UInt64.random(in: 1..<1 << 32))
                try await torture.run(seconds: number(2).map(Int.init) ?? 20)
            case "elect":
                var torture = ElectionTorture(
                    endpoint: CommandLine.arguments[2],
                    seed: number(4) ?? UInt64.random(in: 1..<1 << 32)
                )
                try await torture.run(seconds: number(3).map(Int.init) ?? 20)
            case "write":
                try await Writer(seed: number(3) ?? 0).run(try SQLiteStorage(in: CommandLine.arguments[2]))
            case "lead":
                let election = try EtcdElection(endpoints: [CommandLine.arguments[2]], cluster: "torture")
                let storage = try await election.campaign(at: NodeAddress(host: "child", port: 1))
                try await Writer(seed: number(3) ?? 0).run(storage)
            default:
                print("manta-directory-torture run [SECONDS] [SEED] | elect ETCD [SECONDS] [SEED]")
                exit(2)
            }
        } catch {
            fail("\(error)")
        }
    }

    private static func number(_ index: Int) -> UInt64? {
        index < CommandLine.arguments.count ? UInt64(CommandLine.arguments[index]) : nil
    }

    /// Says what is wrong and ends the process.
    static func fail(_ text: String) -> Never {
        let line = Array("torture, process \(getpid()): \(text)\n".utf8)
        _ = write(2, line, line.count)
        exit(3)
    }
}
