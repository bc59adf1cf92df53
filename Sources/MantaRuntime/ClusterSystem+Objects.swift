package import MantaObjectStore
import MantaWire
import Synchronization

extension ClusterSystem {
    /// This process's part in objects; `nil` while it has none.
    package var objects: ObjectClient? { objectClient.withLock { $0 } }

    /// Appends the result of a method, or in its place a reference to an object that holds it.
    func encodeResult<Value: Encodable>(_ value: Value, into writer: ByteWriter) throws {
        guard let objects else { return try CBOR.encode(value, into: writer, userInfo: codingUserInfo) }
        try objects.encodeResult(value, into: writer, userInfo: codingUserInfo)
    }

    /// Takes part in objects, in the store of this process's node.
    ///
    /// - Returns: The part, which ends with the system.
    @discardableResult
    package func startObjects(in store: ObjectStore, keeper: any ObjectKeeper) -> ObjectClient {
        let client = ObjectClient(store: store, keeper: keeper, system: self)
        objectClient.withLock { $0 = client }
        ObjectHost.make(for: client, in: self)
        client.exchange.start(for: client)
        return client
    }
}
