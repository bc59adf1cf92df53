import Foundation
import Synchronization

/// A teller in a program of its own: this one, started again, as a driver that joins the cluster.
///
/// It says how far it is on its standard output, a line of JSON each time.
final class TellerProcess: Sendable {
    private let number: Int
    private let process: Mutex<Process>
    private let board: Board
    private let transferCount: Int

    /// - Parameters:
    ///   - number: Which of the tellers it is.
    ///   - plan: What they all do.
    ///   - address: The cluster's.
    ///   - board: Where its reports go.
    init(_ number: Int, _ plan: BankPlan, address: String, board: Board) {
        self.number = number
        self.board = board
        transferCount = plan.transferCount
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = [
            "--accounts", "\(plan.accountCount)", "--transfers", "\(plan.transferCount)",
            "--seed", "\(plan.seed)", "--teller", "\(number)",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["MANTA_ADDRESS": address]) { $1 }
        self.process = Mutex(process)
    }

    /// Returns when the process has ended, its transfers done. Cancellation ends it early.
    ///
    /// - Throws: ``TellerFailed`` when it has not done them, `CancellationError`.
    func run() async throws {
        let output = Pipe()
        process.withLock { $0.standardOutput = output }
        async let reading: Void = read(output.fileHandleForReading)
        try await withTaskCancellationHandler {
            try await runProcess()
        } onCancel: {
            process.withLock { if $0.isRunning { $0.terminate() } }
        }
        await reading
        try Task.checkCancellation()
        let (reason, status) = process.withLock { ($0.terminationReason, $0.terminationStatus) }
        guard reason == .exit, status == 0, board.report(of: number).endedCount == transferCount else {
            throw TellerFailed(number: number, reason: reason, status: status)
        }
    }

    /// Waits for the end also when its task is cancelled: nothing of this program is to outlive it.
    private func runProcess() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            do {
                try process.withLock { process in
                    // Who cancels looks for a running process under the same lock, before this or after.
                    try Task.checkCancellation()
                    process.terminationHandler = { _ in continuation.resume() }
                    try process.run()
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Puts what the process says on the board, to the end of its output.
    private func read(_ handle: FileHandle) async {
        let chunks = AsyncStream<Data> { chunks in
            handle.readabilityHandler = { handle in
                let chunk = handle.availableData
                guard chunk.isEmpty else { return _ = chunks.yield(chunk) }
                handle.readabilityHandler = nil
                chunks.finish()
            }
        }
        var rest = Data()
        for await chunk in chunks {
            let lines = (rest + chunk).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            rest = lines.last ?? Data()
            for line in lines.dropLast() {
                guard let report = try? JSONDecoder().decode(TellerReport.self, from: line) else { continue }
                board.note(report, of: number)
            }
        }
    }
}

/// A teller has ended before its transfers were done.
struct TellerFailed: Error, CustomStringConvertible {
    var number: Int
    var reason: Process.TerminationReason
    var status: Int32

    var description: String {
        "teller \(number) did not do all its transfers: it ended with "
            + (reason == .exit ? "exit code \(status)" : "signal \(status)")
    }
}
