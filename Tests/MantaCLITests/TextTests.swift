import MantaCLI
import MantaCore
import Testing

@Suite("what options say and listings show")
struct TextTests {
    @Test(
        "durations are shown in their two largest units",
        arguments: [
            (Duration.zero, "0 s"), (.milliseconds(40), "0 s"), (.milliseconds(340), "0.3 s"),
            (.seconds(1), "1 s"),
            (.seconds(59.9), "59 s"), (.seconds(60), "1 min"), (.seconds(65), "1 min 5 s"),
            (.seconds(3_600), "1 h"),
            (.seconds(3_605), "1 h"), (.seconds(7_265), "2 h 1 min"), (.seconds(90_000), "1 d 1 h"),
            (.seconds(-5), "-5 s"),
        ]
    )
    func duration(duration: Duration, text: String) { #expect(duration.text == text) }

    @Test("times are read in seconds")
    func seconds() throws {
        #expect(try Duration(secondsText: "3") == .seconds(3))
        #expect(try Duration(secondsText: "0.5") == .milliseconds(500))
        for text in ["", "0", "-1", "3s", "nan", "inf", "1e12"] {
            let error = #expect(throws: OptionError.self) { try Duration(secondsText: text) }
            #expect(error?.description.contains("\"\(text)\"") == true)
        }
    }

    @Test("labels are read from a list; the later option counts")
    func labels() throws {
        #expect(try LabelList("zone=a,disk=ssd").labels == ["zone": "a", "disk": "ssd"])
        #expect(try LabelList("empty=").labels == ["empty": ""])
        #expect(try LabelList("sum=a=b").labels == ["sum": "a=b"])
        #expect(
            LabelList.merged([try LabelList("zone=a,x=1"), try LabelList("zone=b")]) == [
                "zone": "b", "x": "1",
            ]
        )
        #expect(LabelList.text(["b": "2", "a": "1"]) == "a=1, b=2")
        for text in ["", "zone", "=a", "zone=a,", "zone=a,zone=b"] {
            #expect(throws: OptionError.self) { try LabelList(text) }
        }
    }

    @Test("resources are read from JSON and replace what the machine has, by name")
    func resources() throws {
        let machine: Resources = [.cpu: 2, .memory: .gibibytes(16)]
        let offer = try ResourceOffer("{\"cpu\": 4, \"memory\": \"8GiB\", \"tpu\": 0.5}")
        #expect(offer.applied(to: machine) == [.cpu: 4, .memory: .gibibytes(8), "tpu": 0.5])
        #expect(try ResourceOffer("{}").applied(to: machine) == machine)
        #expect(try ResourceOffer("{\"cpu\": 0}").applied(to: machine) == [.memory: .gibibytes(16)])
        for text in [
            "", "4", "[1]", "cpu=4", "{\"cpu\": -1}", "{\"cpu\": true}", "{\"cpu\": \"4 cores\"}",
            "{\"cpu\": 1e300}",
        ] {
            #expect(throws: OptionError.self, "\(text)") { try ResourceOffer(text) }
        }
    }

    @Test("a table has its columns one under the other, and no space at the end of a line")
    func table() {
        var table = TextTable([.init("NAME"), .init("SIZE", .right), .init("NOTE")])
        table.append(["a", "5 B", ""])
        table.append(["Übermensch", "12 KiB", "two\nlines"])
        #expect(
            table.lines == [
                "NAME          SIZE  NOTE",
                "a              5 B",
                "Übermensch  12 KiB  two lines",
            ]
        )
    }

    @Test("times are shown in UTC")
    func timestamps() {
        let time = Timestamp(secondsSinceEpoch: 1_772_357_400.1256)
        #expect("\(time)" == "2026-03-01T09:30:00.125Z")
        #expect(time.short == "2026-03-01 09:30:00")
        #expect("\(Timestamp(secondsSinceEpoch: 0))" == "1970-01-01T00:00:00.000Z")
    }
}
