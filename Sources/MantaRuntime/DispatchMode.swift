/// How a process runs the methods that are called in it.
package enum DispatchMode: String, Sendable, Codable, CaseIterable {
    /// Swift's public `executeDistributedTarget`.
    case standard
    /// The entry point behind it, with the method's types looked up once: see `TargetEntry`.
    case cached

    /// The fastest that this compiler's runtime is known to have. A later runtime may change the entry point,
    /// so it is used only where its shape is known, and `DispatchSelfTest` compares the two before a process
    /// serves calls.
    package static var fastestKnown: DispatchMode {
        #if compiler(>=6.3) && compiler(<6.4)
        .cached
        #else
        .standard
        #endif
    }
}
