/// How an argument reaches the actor that is called with it.
enum Passing: String, Codable, Sendable {
    case byValue
    /// As a reference to one object that all calls get.
    case byReference
    /// As a reference to an object that is made for the call and dropped after it.
    case byOwnReference
}
