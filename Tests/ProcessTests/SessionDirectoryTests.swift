import Glibc
import Testing

@testable import Manta

@Suite("the folders of embedded clusters", .timeLimit(.minutes(10)))
struct SessionDirectoryTests {
    @Test("one that is being made is not taken for abandoned by another cluster that starts")
    func startAtOnce() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        let directory = try SessionDirectory(cluster: .random(in: 1 ... .max))
                        #expect(access("\(directory.path)/lock", F_OK) == 0)
                        directory.remove()
                        #expect(access(directory.path, F_OK) != 0)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
