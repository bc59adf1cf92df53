/// Something on a test's hosts went wrong, with what was written there.
struct HostFailure: Error, CustomStringConvertible {
    let description: String
}
