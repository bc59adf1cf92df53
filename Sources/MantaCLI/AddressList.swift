package import MantaCore

/// Addresses of nodes as an option gives them: `10.0.0.1:6379,10.0.0.2:6379`.
package struct AddressList: Hashable, Sendable {
    package var addresses: [NodeAddress]

    /// - Throws: ``OptionError`` when one of them is no address.
    package init(_ text: String) throws(OptionError) {
        addresses = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            do throws(ClusterError) {
                addresses.append(try NodeAddress(part))
            } catch {
                throw OptionError(error.message + (error.hint.map { ": \($0)" } ?? ""))
            }
        }
    }
}
