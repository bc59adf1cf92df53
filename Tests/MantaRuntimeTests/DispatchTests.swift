import Testing

@testable import MantaRuntime

@Suite("dispatch", .timeLimit(.minutes(10)))
struct DispatchTests {
    @Test("cached dispatch does on this toolchain what the public way does")
    func selfTest() async throws {
        try await withClusterPair(dispatch: .cached) { pair in
            #expect(await DispatchSelfTest.difference(in: pair.callee) == nil)
            #expect(pair.callee.usesCachedDispatch)
        }
    }

    @Test("the self-test leaves no actor behind")
    func leavesNothing() async throws {
        try await withClusterPair(dispatch: .standard) { pair in
            let count = pair.callee.hosted.count
            #expect(await DispatchSelfTest.difference(in: pair.callee) == nil)
            #expect(pair.callee.hosted.count == count)
        }
    }

    @Test("the public way is used where it is asked for")
    func standard() async throws {
        try await withClusterPair(dispatch: .standard) { pair in #expect(!pair.callee.usesCachedDispatch) }
    }
}
