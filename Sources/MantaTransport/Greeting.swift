// What both sides of a link say of themselves before anything else: the body of `hello` and `welcome`. The
// head's detail is the protocol version of the sender. All integers are little-endian.
//
//   offset  size  field
//   12      4     magic: "MNTA"
//   16      2     oldest protocol version that the sender speaks
//   18      1     lane that is to serve the link; 255: the control lane
//   19      1     length of the build id
//   20      8     cluster; 0: whichever answers
//   28      8     process of the sender
//   36      8     process that is meant; 0: whoever answers
//   44      …     build id of the sender's program

package import MantaCore
package import MantaWire

package struct Greeting: Hashable, Sendable {
    package static let currentVersion: UInt16 = 1
    package static let oldestVersion: UInt16 = 1
    package static let controlLane: UInt8 = 255
    /// No greeting is longer: a peer that sends more is cut off before anything is allocated.
    package static let maximumByteCount = 4096
    private static let magic: UInt32 = 0x4154_4E4D

    package var version = currentVersion
    package var oldestVersion = oldestVersion
    package var lane: UInt8
    package var cluster: UInt64
    package var process: ProcessID
    package var target: ProcessID
    package var buildID: [UInt8]

    package init(lane: UInt8, cluster: UInt64, process: ProcessID, target: ProcessID, buildID: [UInt8]) {
        self.lane = lane
        self.cluster = cluster
        self.process = process
        self.target = target
        self.buildID = Array(buildID.prefix(64))
    }

    package func append(as kind: FrameKind, to writer: ByteWriter) {
        let start = writer.count
        writer.appendZeros(FrameHead.byteCount)
        writer.append(Self.magic.littleEndian)
        writer.append(oldestVersion.littleEndian)
        writer.append(lane)
        writer.append(UInt8(buildID.count))
        writer.append(cluster.littleEndian)
        writer.append(process.rawValue.littleEndian)
        writer.append(target.rawValue.littleEndian)
        buildID.withUnsafeBytes { writer.append($0) }
        FrameHead(kind, detail: version).store(in: writer, at: start)
    }

    package init(_ head: FrameHead, body: UnsafeRawBufferPointer) throws(WireError) {
        var reader = ByteReader(body)
        guard try reader.read(UInt32.self) == Self.magic else {
            throw WireError(.malformed, "the greeting is not one of Manta's")
        }
        version = head.detail
        oldestVersion = try reader.read(UInt16.self)
        lane = try reader.read(UInt8.self)
        let buildIDCount = Int(try reader.read(UInt8.self))
        cluster = try reader.read(UInt64.self)
        process = ProcessID(try reader.read(UInt64.self))
        target = ProcessID(try reader.read(UInt64.self))
        buildID = Array(try reader.readBytes(buildIDCount))
    }

    /// Why this side, which would greet as `self`, refuses a peer; `nil` when it does not.
    package func refusal(of peer: Greeting) -> ClusterError? {
        guard peer.oldestVersion <= version, oldestVersion <= peer.version else {
            return ClusterError(
                .incompatible,
                "\(process) speaks versions \(oldestVersion) to \(version) of the protocol, "
                    + "\(peer.process) speaks \(peer.oldestVersion) to \(peer.version)",
                hint: "run the same release of Manta on both sides",
                outcome: .notExecuted
            )
        }
        // Who asks which cluster this is has been authenticated, and learns it from the welcome.
        guard peer.cluster == cluster || peer.cluster == 0 || cluster == 0 else {
            return ClusterError(
                .incompatible,
                "\(process) belongs to cluster \(cluster), \(peer.process) to cluster \(peer.cluster)",
                outcome: .notExecuted
            )
        }
        guard peer.target.rawValue == 0 || peer.target == process else {
            return ClusterError(
                .notConnected,
                "\(peer.process) looks for \(peer.target), but \(process) answers here now",
                outcome: .notExecuted
            )
        }
        return nil
    }
}
