import Glibc
import MantaObjectTransfer
import MantaTransport
import Synchronization

/// A connection that fails in a way of its own once it has sent some bytes.
final class FaultyStream: BulkStream {
    enum Fault {
        /// One bit of what is sent then is another.
        case flip
        /// Nothing more is sent, and the connection stays.
        case stall
        case close
    }

    private let base: any BulkStream
    private let fault: Fault
    private let after: Int
    private let sentByteCount = Atomic<Int>(0)

    init(_ base: any BulkStream, _ fault: Fault, afterSending byteCount: Int) {
        self.base = base
        self.fault = fault
        after = byteCount
    }

    func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(LinkFailure) {
        let (before, sum) = sentByteCount.wrappingAdd(head.count + body.count, ordering: .relaxed)
        guard before <= after, after < sum else { return try base.send(head, body) }
        var bytes = Array(head) + Array(body)
        switch fault {
        case .flip: bytes[after - before] ^= 16
        case .stall, .close: bytes.removeLast(sum - after)
        }
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(LinkFailure) in
                try base.send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
        try result.get()
        switch fault {
        case .flip: break
        case .close:
            base.close()
            throw .peerClosed
        case .stall:
            // Until the other side has given up.
            try base.waitForInput(within: nil)
            throw .peerClosed
        }
    }

    func receive(into bytes: UnsafeMutableRawBufferPointer) throws(LinkFailure) {
        try base.receive(into: bytes)
    }
    func waitForInput(within duration: Duration?) throws(LinkFailure) {
        try base.waitForInput(within: duration)
    }
    func close() { base.close() }
}

/// A link that takes so many bytes per second.
final class SlowStream: BulkStream {
    private let base: any BulkStream
    private let bytesPerSecond: Double

    init(_ base: any BulkStream, bytesPerSecond: Double) {
        self.base = base
        self.bytesPerSecond = bytesPerSecond
    }

    func send(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws(LinkFailure) {
        // Stands for the time on the wire; nothing waits for it to be over.
        usleep(UInt32(Double(head.count + body.count) / bytesPerSecond * 1e6))
        try base.send(head, body)
    }

    func receive(into bytes: UnsafeMutableRawBufferPointer) throws(LinkFailure) {
        try base.receive(into: bytes)
    }
    func waitForInput(within duration: Duration?) throws(LinkFailure) {
        try base.waitForInput(within: duration)
    }
    func close() { base.close() }
}
