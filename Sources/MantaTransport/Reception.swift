internal import CMantaShims
import MantaCore

/// Greets those who have connected to this process: only a bounded number at a time, each for a bounded time.
///
/// Past the bound the one that has been here longest has to go: a peer that means it is greeted within a few round trips,
/// so a flood of those that do not costs it nothing. Confined to its lane.
final class Reception: Sendable {
    static let limit = 64

    private let lane: Lane
    private let greeting: Greeting
    private let faults: NetworkFaults?
    private let accepted: @Sendable (GreetedSocket) -> Void
    private let refused: @Sendable (String) -> Void
    /// In the order in which they came.
    nonisolated(unsafe) private var exchanges: [(number: UInt64, exchange: GreetingExchange)] = []
    nonisolated(unsafe) private var lastNumber: UInt64 = 0

    init(
        lane: Lane,
        greeting: Greeting,
        faults: NetworkFaults?,
        accepted: @escaping @Sendable (GreetedSocket) -> Void,
        refused: @escaping @Sendable (String) -> Void
    ) {
        self.lane = lane
        self.greeting = greeting
        self.faults = faults
        self.accepted = accepted
        self.refused = refused
    }

    /// Takes over `socket`. Only on the lane.
    func receive(_ socket: Socket) {
        if exchanges.count >= Self.limit { exchanges.first?.exchange.displace() }
        lastNumber += 1
        let number = lastNumber
        let exchange = GreetingExchange(
            socket: socket,
            lane: lane,
            role: .listener,
            greeting: greeting,
            faults: faults
        ) { [weak self] result in
            guard let self else {
                if case .success(let greeted) = result { greeted.discard() }
                return
            }
            exchanges.removeAll { $0.number == number }
            switch result {
            case .success(let greeted): accepted(greeted)
            case .failure(let error): refused(error.message)
            }
        }
        exchanges.append((number, exchange))
        exchange.start()
    }
}
