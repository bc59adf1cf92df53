import Glibc

/// How far the tests of references go.
///
/// With `MANTA_REFERENCE_DEPTH` in the environment, farther than a run of all tests has time for: about a quarter of
/// an hour for 1 in a release build.
enum ReferenceDepth {
    static let extra = getenv("MANTA_REFERENCE_DEPTH").flatMap { Int(String(cString: $0)) } ?? 0

    static var seeds: ClosedRange<UInt64> { 1...UInt64(extra == 0 ? 2 : 1000 * extra) }
    static var simulationSteps: Int { extra == 0 ? 1000 : 5000 }
}
