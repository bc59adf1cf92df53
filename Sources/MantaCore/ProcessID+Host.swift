// A process that starts others is their host: the upper 40 bits of an identifier are random and say whose host it is, the
// lower 24 count the processes that the host has started. So who knows a process knows its host, and with it its node.

extension ProcessID {
    private static let childBits: UInt64 = 24
    private static let childMask: UInt64 = 1 << childBits - 1

    /// A new identifier for a process that nobody of the cluster has started, or that may start others.
    package static func newHost() -> ProcessID {
        ProcessID(.random(in: 1..<(1 << (64 - childBits))) << childBits)
    }

    /// The process that started this one: a worker's raylet. Hosts are their own.
    package var host: ProcessID { ProcessID(rawValue & ~Self.childMask) }

    /// The `number`th process that this host starts, counted from 1. Numbers return after 16 million.
    package func child(_ number: UInt64) -> ProcessID {
        ProcessID(host.rawValue | (number - 1) % Self.childMask + 1)
    }
}
