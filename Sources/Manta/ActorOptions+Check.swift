internal import MantaCore

extension ActorOptions {
    private static let longestName = 1_000

    /// Refuses what cannot be meant.
    func check(for type: String) throws(ClusterError) {
        func refuse(_ what: String, _ hint: String) throws(ClusterError) -> Never {
            throw ClusterError(.invalidArgument, "\(type) asks for \(what)", hint: hint)
        }
        if !environment.isEmpty, isolation != .process {
            try refuse(
                "an environment of its own with isolation .\(isolation)",
                "spawn it with isolation: .process"
            )
        }
        if let key = environment.keys.first(where: { $0.isEmpty || $0.contains("=") || $0.utf8.contains(0) })
        {
            try refuse(
                "a variable named \"\(key)\"",
                "names are not empty, and have neither = nor a zero in them"
            )
        }
        // What one string of an environment may have in Linux: MAX_ARG_STRLEN.
        let limit = 128 * 1024
        if let (key, _) = environment.first(where: {
            $1.utf8.contains(0) || $0.utf8.count + $1.utf8.count + 2 > limit
        }) {
            try refuse(
                "a value of \"\(key)\" that no environment can hold",
                "it has no zero in it, and with its name less than \(limit) bytes"
            )
        }
        if maxPendingCalls <= 0 { try refuse("maxPendingCalls of \(maxPendingCalls)", "it is at least 1") }
        if placementTimeout < .zero {
            try refuse("a placementTimeout of \(placementTimeout)", "it is not negative")
        }
        if case .limited(let count) = concurrency, count < 1 {
            try refuse("concurrency .limited(\(count))", "it is at least 1")
        }
        if case .upTo(let count, let window) = restarts, count < 0 || window <= .zero {
            try refuse(
                "restarts .upTo(\(count), within: \(window))",
                "neither is negative, and the period is not zero"
            )
        }
        for (what, name) in [("name", name), ("namespace", namespace)] {
            guard let name else { continue }
            let isPlain = !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
            guard !name.isEmpty, name.utf8.count <= Self.longestName, isPlain else {
                try refuse(
                    "the \(what) \(String(reflecting: String(name.prefix(100))))",
                    "it has 1 to \(Self.longestName) bytes, and no control characters"
                )
            }
        }
    }
}
