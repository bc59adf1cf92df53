/// Labels of a node as an option gives them: `zone=a,disk=ssd`.
package struct LabelList: Hashable, Sendable {
    package var labels: [String: String]

    /// - Throws: ``OptionError`` for what is no list of names with values, and for a name that comes twice.
    package init(_ text: String) throws(OptionError) {
        labels = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let equals = part.firstIndex(of: "="), equals > part.startIndex else {
                throw OptionError(
                    "\"\(part)\" is no label: write a name, = and a value, with commas between several, "
                        + "such as zone=a,disk=ssd"
                )
            }
            let name = String(part[..<equals])
            guard labels.updateValue(String(part[part.index(after: equals)...]), forKey: name) == nil else {
                throw OptionError("the label \(name) is given twice: give it once")
            }
        }
    }

    /// Those of several options: the later one counts where two have a label.
    package static func merged(_ lists: [LabelList]) -> [String: String] {
        lists.reduce(into: [:]) { $0.merge($1.labels) { $1 } }
    }

    /// `disk=ssd, zone=a`, for people.
    package static func text(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
    }
}
