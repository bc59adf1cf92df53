internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaObjectStore

/// Processes that share an object store are killed over and over, and what they leave behind is looked at.
///
///     manta-store-torture run [SECONDS] [SEED] [DIRECTORY]    kill at random instants while others write and read
///     manta-store-torture steps                               kill after every store of every operation, in turn
///     manta-store-torture scarce DIRECTORY                    the same where the directory's memory (8 MiB) is used up
///
/// Ends with 0 when nothing was wrong. The other roles are for the processes that it starts.
@main
enum Torture {
    static func main() {
        manta_line_buffer_stdout()
        let arguments = CommandLine.arguments
        do {
            switch arguments.dropFirst().first {
            case "run":
                let seconds = number(2).map(Int.init) ?? 20
                // It takes all processors for that long: others on the machine go first.
                nice(3)
                var torture = try RandomTorture(
                    seed: number(3) ?? UInt64.random(in: 1..<1 << 32),
                    directory: CommandLine.arguments.count > 4 ? CommandLine.arguments[4] : nil
                )
                try torture.run(seconds: seconds)
            case "steps":
                var torture = try StepTorture()
                try torture.run()
            case "scarce":
                try ShortageTorture(directory: CommandLine.arguments[2]).run()
            case "work":
                Steps.start(count: Int(number(6) ?? 0), signal: SIGKILL)
                var worker = try Worker(
                    store: address(),
                    process: ProcessID(number(4) ?? 0),
                    seed: number(5) ?? 0
                )
                try worker.run()
            case "script":
                Steps.start(count: Int(number(4) ?? 0), signal: Int32(number(5) ?? UInt64(SIGKILL)))
                try Script(store: address()).run()
            case "hold":
                try Holder.run(address(), process: ProcessID(number(4) ?? 0))
            case "shortage":
                Steps.start(count: Int(number(4) ?? 0), signal: SIGKILL)
                try ShortageTorture.put(address())
            case "touch":
                Steps.start(count: Int(number(4) ?? 0), signal: SIGKILL)
                try ObjectStore.open(address(), as: ProcessID(6)).prepareNothing()
            default:
                print("manta-store-torture run [SECONDS] [SEED] [DIRECTORY] | steps | scarce DIRECTORY")
                exit(2)
            }
        } catch {
            fail("\(error)")
        }
    }

    private static func number(_ index: Int) -> UInt64? {
        index < CommandLine.arguments.count ? UInt64(CommandLine.arguments[index]) : nil
    }

    private static func address() -> ObjectStore.Address {
        ObjectStore.Address(path: CommandLine.arguments[2], capacity: Int(number(3) ?? 0))
    }

    /// Says what is wrong and ends the process.
    static func fail(_ text: String) -> Never {
        let line = Array("torture, process \(getpid()): \(text)\n".utf8)
        _ = write(2, line, line.count)
        exit(3)
    }
}

extension ObjectStore {
    /// Anything that takes the lock.
    fileprivate func prepareNothing() throws { _ = try figures() }
}
