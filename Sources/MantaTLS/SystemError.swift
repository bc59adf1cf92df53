internal import Glibc

/// What the system calls an error number.
func describe(error number: Int32) -> String {
    guard let text = strerror(number) else { return "error \(number)" }
    return "\(String(cString: text)) (error \(number))"
}
