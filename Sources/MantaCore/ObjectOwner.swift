/// Whose end is an object's end.
public enum ObjectOwner: String, Hashable, Sendable, Codable {
    /// The process that makes it.
    case process
    /// The node on which it is made: it outlives that process, for as long as others refer to it.
    case node
}
