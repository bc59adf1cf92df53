/// What happened in one run, or in many.
package struct SimulationCounts: Hashable, Sendable {
    package var events = 0
    package var spawns = 0
    package var created = 0
    package var restarts = 0
    package var deaths = 0
    package var ends = 0
    package var messages = 0
    package var lostMessages = 0
    package var repeatedMessages = 0
    package var workerDeaths = 0
    package var killedRaylets = 0
    package var frozenRaylets = 0
    package var partitions = 0
    package var headCuts = 0
    package var doubts = 0
    package var lostLinks = 0
    package var fencedNodes = 0
    package var endedDrivers = 0
    package var watchedEvents = 0
    package var cachedFinds = 0
    package var headCrashes = 0
    package var commits = 0

    package init() {}

    package static func += (left: inout SimulationCounts, right: SimulationCounts) {
        for (_, count) in all { left[keyPath: count] += right[keyPath: count] }
    }

    /// With the words for them.
    package static var all: [(String, WritableKeyPath<SimulationCounts, Int>)] {
        [
            ("events", \.events), ("spawns", \.spawns), ("created", \.created), ("restarts", \.restarts),
            ("deaths", \.deaths), ("kills and stops", \.ends), ("messages", \.messages),
            ("lost messages", \.lostMessages), ("repeated messages", \.repeatedMessages),
            ("worker deaths", \.workerDeaths), ("killed raylets", \.killedRaylets),
            ("frozen raylets", \.frozenRaylets), ("partitions", \.partitions),
            ("cuts of the head", \.headCuts), ("doubts", \.doubts), ("lost links", \.lostLinks),
            ("fenced nodes", \.fencedNodes), ("ended drivers", \.endedDrivers),
            ("watched events", \.watchedEvents), ("finds from memory", \.cachedFinds),
            ("crashes of the head", \.headCrashes), ("commits", \.commits),
        ]
    }
}
