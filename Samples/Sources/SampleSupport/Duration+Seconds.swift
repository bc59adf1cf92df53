import Foundation

extension Duration {
    /// With two decimals: `1.25`.
    package var formattedSeconds: String {
        String(format: "%.2f", Double(components.seconds) + Double(components.attoseconds) / 1e18)
    }
}
