internal import FoundationEssentials
package import MantaCore

/// What a node is to offer, as an option gives it: `{"cpu": 4, "memory": "8GiB", "tpu": 2}`.
///
/// What it does not name stays what the machine has; 0 takes a resource away.
package struct ResourceOffer: Hashable, Sendable {
    private var amounts: [String: Double]

    private enum Amount: Decodable {
        case number(Double)
        case size(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .size(try container.decode(String.self))
            }
        }
    }

    /// - Throws: ``OptionError`` for what is no object of amounts.
    package init(_ json: String) throws(OptionError) {
        let decoded: [String: Amount]
        do {
            decoded = try JSONDecoder().decode([String: Amount].self, from: Data(json.utf8))
        } catch {
            throw OptionError(
                "'\(json)' does not say what a node offers: write a JSON object of names and amounts, in quotes "
                    + "for the shell, such as '{\"cpu\": 4, \"memory\": \"8GiB\", \"tpu\": 2}'"
            )
        }
        amounts = [:]
        for (name, amount) in decoded {
            switch amount {
            case .number(let number): amounts[name] = number
            case .size(let text):
                guard let size = try? ByteCount(text) else {
                    throw OptionError(
                        "\"\(text)\" is no amount of \"\(name)\": write a number such as 4 or 0.5, or a size such as \"8GiB\""
                    )
                }
                amounts[name] = Double(size.value)
            }
            guard let value = amounts[name], value >= 0, value <= 9e14, !name.isEmpty else {
                throw OptionError(
                    "no node offers \(amounts[name] ?? 0) of \"\(name)\": amounts are 0 or more, up to 9e14"
                )
            }
        }
    }

    /// What a machine offers that has `resources`.
    package func applied(to resources: Resources) -> Resources {
        var resources = resources
        for (name, amount) in amounts { resources[Resource(name)] = Quantity(amount) }
        return resources
    }
}
