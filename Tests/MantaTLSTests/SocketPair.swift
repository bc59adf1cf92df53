import CMantaShims
import Glibc
import Synchronization

/// Two connected sockets of this machine that do not block.
final class SocketPair: Sendable {
    let first: Int32
    let second: Int32
    private let isClosed = Atomic<Bool>(false)

    init() {
        var sockets: [Int32] = [-1, -1]
        let status = manta_socketpair(&sockets)
        precondition(status == 0, "no sockets are left: \(status)")
        (first, second) = (sockets[0], sockets[1])
    }

    deinit { close() }

    /// Once only.
    func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        _ = manta_close(first)
        _ = manta_close(second)
    }
}

/// Waits until one of them is readable, or until `descriptor` alone is writable. Gives up after so long that something is wrong.
func waitUntilReadable(_ descriptors: Int32...) -> Bool { wait(descriptors, Int16(POLLIN)) }
func waitUntilWritable(_ descriptor: Int32) -> Bool { wait([descriptor], Int16(POLLOUT)) }

private func wait(_ descriptors: [Int32], _ events: Int16) -> Bool {
    var polled = descriptors.map { pollfd(fd: $0, events: events, revents: 0) }
    return poll(&polled, nfds_t(polled.count), 30_000) > 0
}

/// Sends bytes as they are; the socket has room for them.
func sendPlain(_ bytes: [UInt8], over socket: Int32) -> Bool {
    bytes.withUnsafeBytes { manta_send(socket, $0.baseAddress, $0.count) } == bytes.count
}

/// What the socket has; `nil` at the end, and when it has failed.
func receivePlain(from socket: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = bytes.withUnsafeMutableBytes { manta_receive(socket, $0.baseAddress, $0.count) }
    if count == -Int(EAGAIN) { return [] }
    return count > 0 ? Array(bytes[..<count]) : nil
}
