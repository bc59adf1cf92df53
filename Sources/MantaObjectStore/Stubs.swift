package import MantaCore
extension ObjectStore { package var isNearlyFull: Bool { false } }
extension ReferenceTable {
    package var hasUpdates: Bool { false }
    package func hasEnded(_ process: ProcessID) -> Bool { false }
}
