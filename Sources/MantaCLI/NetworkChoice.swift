package import MantaCore

/// Where a node listens, and by what others reach it.
package struct NetworkChoice: Hashable, Sendable {
    /// In numbers.
    package var bind: String
    /// `nil`: by `bind`.
    package var advertised: String?

    /// What this machine knows of its addresses.
    package struct Machine: Sendable {
        package var toward: @Sendable (NodeAddress) -> String?
        package var first: @Sendable () -> String?

        package init(
            toward: @escaping @Sendable (NodeAddress) -> String?,
            first: @escaping @Sendable () -> String?
        ) {
            self.toward = toward
            self.first = first
        }

        package static let this = Machine(
            toward: { LocalAddress.toward($0) },
            first: { LocalAddress.first() }
        )
    }

    /// Decides what was left open: a head listens for its own machine alone, a node where it reaches the head from; who
    /// listens everywhere is reached by the address by which it reaches the head, a head by its first that others may use.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument`.
    package init(
        bind: String?,
        advertised: String?,
        head: NodeAddress?,
        machine: Machine = .this
    ) throws(ClusterError) {
        if let bind, !LocalAddress.isNumeric(bind) {
            throw ClusterError(
                .invalidArgument,
                "\"\(bind)\" is no address in numbers",
                hint: "give --bind an address of this machine such as 10.0.0.1, or 0.0.0.0 for all of them"
            )
        }
        if let bind { self.bind = bind } else { self.bind = try Self.defaultBind(head, machine) }
        self.advertised = advertised
        guard advertised == nil, LocalAddress.isWildcard(self.bind) else { return }
        self.advertised = head.flatMap(machine.toward) ?? machine.first()
        if let advertised = self.advertised, advertised.contains(":"), !self.bind.contains(":") {
            throw ClusterError(
                .invalidArgument,
                "\(self.bind) stands for IPv4 alone, and this machine reaches the head from \(advertised)",
                hint: "listen with --bind ::, which stands for both, or name the head by an IPv4 address"
            )
        }
        if self.advertised == nil {
            throw ClusterError(
                .invalidArgument,
                "this machine has no address that others could reach it by",
                hint: "name one with --advertise, or listen for this machine alone with --bind 127.0.0.1"
            )
        }
    }

    private static func defaultBind(_ head: NodeAddress?, _ machine: Machine) throws(ClusterError) -> String {
        guard let head else { return "127.0.0.1" }
        if let own = machine.toward(head) { return own }
        throw ClusterError(
            .notConnected,
            "this machine knows no way to \(head.host)",
            hint: "check the address and the network, or say where to listen with --bind"
        )
    }

    /// Whether only this machine can reach the node.
    package var isLocal: Bool { LocalAddress.isLoopback(advertised ?? bind) }

    /// The name that is advertised, if it is all that keeps others from the node.
    package var localName: String? { isLocal && !LocalAddress.isLoopback(bind) ? advertised : nil }
}
