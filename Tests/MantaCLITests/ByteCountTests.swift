import MantaCLI
import Testing

@Suite("sizes")
struct ByteCountTests {
    @Test(
        "sizes are read in bytes and in units, of 1,024 and of 1,000",
        arguments: [
            ("0", 0), ("17", 17), ("17B", 17), ("1KiB", 1_024), ("512MiB", 512 << 20), ("1.5GiB", 3 << 29),
            ("8 gib", 8 << 30), ("2TiB", 2 << 40), ("1PiB", 1 << 50), ("1KB", 1_000), ("3gb", 3_000_000_000),
            ("1_000", 1_000), ("9223372036854775807", Int.max),
        ]
    )
    func parse(text: String, value: Int) throws {
        #expect(try ByteCount(text).value == value)
    }

    @Test(
        "what is no size is refused, by name and with an example",
        arguments: [
            "", "much", "-1", "1XiB", "GiB", "1.2.3", "8M", "9223372036854775808", "99999999999PiB", "1e3",
            "٣",
        ]
    )
    func refuse(text: String) {
        let error = #expect(throws: OptionError.self) { try ByteCount(text) }
        #expect(error?.description.contains("\"\(text)\"") == true)
        #expect(error?.description.contains("512MiB") == true)
    }

    @Test(
        "sizes are shown in the largest unit of which there is one",
        arguments: [
            (0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (1_536, "1.5 KiB"), (1 << 30, "1 GiB"),
            ((1 << 30) + 1, "1 GiB"), (25_400_000_000, "23.7 GiB"), (-2_048, "-2 KiB"),
        ]
    )
    func show(value: Int, text: String) { #expect("\(ByteCount(value))" == text) }
}
