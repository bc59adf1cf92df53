internal import CMantaShims
internal import Glibc

/// Starts a detached operating system thread that runs `body` and ends.
package func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let status = pthread_create(
        &thread,
        &attributes,
        { argument in
            guard let argument else { return nil }
            let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
            manta_name_thread(box.name)
            box.body()
            return nil
        },
        Unmanaged.passRetained(Box(name, body)).toOpaque()
    )
    pthread_attr_destroy(&attributes)
    precondition(status == 0, "no thread for \(name): error \(status)")
}
