internal import CMantaShims
internal import Glibc

/// What it takes to start a process.
package struct ProcessCommand {
    var path: String
    var arguments: [String]
    var environment: [String: String]
    /// Where it starts; `nil`, or a folder that is not there: where this process is.
    var directory: String?

    /// Starts it with `control` as descriptor 3, and the other two as its standard output and error; `inOwnGroup`, it leads
    /// a process group, to which all belong that it starts.
    ///
    /// - Returns: The process, or a negated error number.
    package func spawn(control: Int32, output: Int32, errors: Int32, inOwnGroup: Bool = false) -> Int32 {
        withCStrings(arguments) { arguments in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }.sorted()) { environment in
                let directory = directory.flatMap { access($0, X_OK) == 0 ? $0 : nil }
                return manta_spawn_in(
                    directory,
                    path,
                    arguments,
                    environment,
                    control,
                    output,
                    errors,
                    inOwnGroup ? 1 : 0
                )
            }
        }
    }
}

/// Calls `body` with the strings as C wants them: an array of pointers, with a null behind the last.
private func withCStrings<R>(
    _ strings: [String],
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: strings.count + 1)
    for (index, string) in strings.enumerated() { (pointers + index).initialize(to: strdup(string)) }
    (pointers + strings.count).initialize(to: nil)
    defer {
        for index in strings.indices { free(pointers[index]) }
        pointers.deallocate()
    }
    return body(pointers)
}
