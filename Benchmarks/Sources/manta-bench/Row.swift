/// One line of the result: what the rounds of one figure came to.
struct Row {
    let figure: Figure
    let isPinned: Bool
    let samples: Samples
    /// The median divided by that of the figure's floor under the same pinning.
    var floorRatio: Double?

    var target: String? { figure.target(isPinned: isPinned) }
}

/// The rows of a run, in the order in which their figures are declared, pinned ones first.
struct Rows {
    private var samples: [Key: [Double]] = [:]

    private struct Key: Hashable {
        var figure: Figure
        var isPinned: Bool
    }

    mutating func add(_ value: Double, to figure: Figure, isPinned: Bool) {
        samples[Key(figure: figure, isPinned: isPinned), default: []].append(value)
    }

    var all: [Row] {
        Figure.allCases.flatMap { figure in [true, false].compactMap { row(figure, isPinned: $0) } }
    }

    private func row(_ figure: Figure, isPinned: Bool) -> Row? {
        guard let own = median(figure, isPinned) else { return nil }
        let floor = figure.floor.flatMap { median($0, isPinned) }
        return Row(
            figure: figure,
            isPinned: isPinned,
            samples: own,
            floorRatio: floor.map { own.median / $0.median }
        )
    }

    private func median(_ figure: Figure, _ isPinned: Bool) -> Samples? {
        samples[Key(figure: figure, isPinned: isPinned)].flatMap { Samples($0) }
    }
}
