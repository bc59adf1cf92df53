import Foundation
import Logging
import MantaCore
@testable import MantaRaylet
import Testing

@Suite("logs of workers")
struct WorkerLogTests {
    private let folder: Folder
    private let job = ProcessID(0xabc)

    init() throws { folder = try Folder() }

    private func makeLog(
        _ limits: WorkerLog.Limits = WorkerLog.Limits(),
        job: ProcessID? = nil,
        worker: Int32 = 42
    ) -> WorkerLog {
        WorkerLog(
            directory: "\(folder.path)/logs",
            job: job ?? self.job,
            worker: worker,
            limits: limits,
            logger: Logger(label: "test")
        )
    }

    private func names(_ path: String = "job-abc") -> [String] {
        let all = try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/logs/\(path)")
        return (all ?? []).sorted()
    }

    @Test("lines are in a file of the worker, in the folder of its job; there is none without a line")
    func lines() throws {
        let log = makeLog()
        log.flush()
        #expect(names().isEmpty)
        log.append("first")
        log.append("")
        log.append("drïtte")
        log.flush()
        #expect(try folder.read("logs/job-abc/worker-42.log") == "first\n\ndrïtte\n")
        // A later worker of the same number goes on.
        let later = makeLog()
        later.append("later")
        later.flush()
        #expect(try folder.read("logs/job-abc/worker-42.log") == "first\n\ndrïtte\nlater\n")
    }

    @Test("a log that has grown goes on in a new file, and the oldest part is forgotten")
    func rotation() throws {
        var limits = WorkerLog.Limits()
        limits.partByteCount = 10
        let log = makeLog(limits)
        for number in 1...9 {
            log.append("line\(number)")
            log.flush()
        }
        #expect(names() == ["worker-42.log", "worker-42.log.1", "worker-42.log.2"])
        #expect(try folder.read("logs/job-abc/worker-42.log") == "line9\n")
        #expect(try folder.read("logs/job-abc/worker-42.log.1") == "line8\n")
        #expect(try folder.read("logs/job-abc/worker-42.log.2") == "line7\n")
        // No line is cut, however long it is.
        log.append(String(repeating: "x", count: 100))
        log.flush()
        #expect(try folder.read("logs/job-abc/worker-42.log").count == 101)
    }

    @Test("of the files of a job, and of the jobs, the newest are kept")
    func kept() throws {
        var limits = WorkerLog.Limits()
        limits.fileCount = 3
        limits.jobCount = 2
        for number in 1...5 as ClosedRange<Int32> {
            let log = makeLog(limits, worker: number)
            log.append("hello")
            log.flush()
        }
        #expect(names() == ["worker-3.log", "worker-4.log", "worker-5.log"])
        for number in 1...3 as ClosedRange<UInt64> {
            let log = makeLog(limits, job: ProcessID(number))
            log.append("hello")
            log.flush()
        }
        #expect(names("") == ["job-2", "job-3"])
    }

    @Test("what cannot be written is left out, and the worker is not held up")
    func unwritable() throws {
        let log = WorkerLog(
            directory: "/proc/nowhere",
            job: job,
            worker: 1,
            logger: Logger(label: "test")
        )
        for _ in 0..<3 {
            log.append("lost")
            log.flush()
        }
    }
}
