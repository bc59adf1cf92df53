import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "the tool's command line",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct CommandLineTests {
    @Test(
        "every verb has a help that says what it is for",
        arguments: [
            [], ["start"], ["stop"], ["status"], ["list"], ["list", "nodes"], ["list", "actors"],
            ["list", "objects"],
            ["list", "jobs"],
            ["logs"], ["drain"], ["submit"],
        ]
    )
    func help(verb: [String]) async throws {
        try await Tool.used { tool in
            let outcome = try await tool.start(verb + ["--help"]).end()
            #expect(outcome.status == 0)
            #expect(outcome.output.hasPrefix("OVERVIEW: "))
            #expect(outcome.output.contains((["USAGE: manta"] + verb).joined(separator: " ")))
            let longest = outcome.output.split(separator: "\n").map(\.count).max() ?? 0
            #expect(longest <= 80)
            #expect(!outcome.output.contains(#/\(default: \S+\)\s+\(default: /#))
        }
    }

    @Test("the help of the tool says exit codes, variables and completions")
    func toolHelp() async throws {
        try await Tool.used { tool in
            let outcome = try await tool.run("--help")
            for word in ["Exit codes", "64", "MANTA_ADDRESS", "--generate-completion-script"] {
                #expect(outcome.output.contains(word))
            }
            #expect(try await tool.run("--version").output.contains(#/^\d+\.\d+\.\d+\n$/#))
        }
    }

    @Test("completions are made for the shells", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        try await Tool.used { tool in
            let outcome = try await tool.run("--generate-completion-script", shell)
            #expect(outcome.status == 0)
            #expect(outcome.output.contains("store-capacity"))
        }
    }

    @Test(
        "a command line that cannot be read ends with 64, and says what is wrong",
        arguments: [
            (["frobnicate"], "frobnicate"),
            (["start"], "--head"),
            (["start", "--head", "--address", "a:1"], "--etcd"),
            (["start", "--address", "10.0.0.1"], "10.0.0.1"),
            (["start", "--address", "10.0.0.1:0"], "10.0.0.1:0"),
            (["start", "--head", "--port", "70000"], "70000"),
            (["start", "--head", "--store-capacity", "5X"], "512MiB"),
            (["start", "--head", "--resources", "cpu=4"], "JSON object"),
            (["start", "--head", "--resources", "{\"cpu\": \"4 cores\"}"], "4 cores"),
            (["start", "--head", "--labels", "zone"], "zone=a,disk=ssd"),
            (["start", "--head", "--log-level", "loud"], "warning"),
            (["start", "--head", "--silence", "0"], "seconds"),
            (["start", "--head", "--tls-cert", "a.pem"], "--tls-key"),
            (["stop", "--all", "--port", "1"], "--all"),
            (["stop", "--port", "1", "--directory", "/x"], "--directory"),
            (["list", "actors", "--limit", "-1"], "--limit"),
        ]
    )
    func usage(arguments: [String], word: String) async throws {
        try await Tool.used { tool in
            let outcome = try await tool.start(arguments).end()
            #expect(outcome.status == 64, "\(outcome)")
            #expect(outcome.errors.contains(word), "\(outcome.errors)")
        }
    }

    @Test(
        "a variable that cannot be used is told with what it takes, with 1",
        arguments: [
            ("MANTA_CPUS", "zero", "a number of processors such as 4 or 0.5"),
            ("MANTA_CPUS", "-1", "0 or more"), ("MANTA_LOG_LEVEL", "loud", "warning"),
            ("MANTA_STORE_CAPACITY", "5X", "512MiB"), ("MANTA_LANES", "0", "1 to 1000"),
            ("MANTA_DISPATCH", "slow", "standard"),
        ]
    )
    func variable(name: String, value: String, words: String) async throws {
        try await Tool.used { tool in
            let outcome = try await tool.run("start", "--head", "--port", "0", environment: [name: value])
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.errors.contains("\(name)=\(value) cannot be understood"), "\(outcome.errors)")
            #expect(outcome.errors.contains(words), "\(outcome.errors)")
        }
    }

    @Test(
        "without a cluster, questions end with 2 and say how to start one",
        arguments: [["status"], ["list", "nodes"], ["list", "actors"], ["list", "objects"], ["stop"]]
    )
    func notRunning(arguments: [String]) async throws {
        try await Tool.used { tool in
            let outcome = try await tool.start(arguments).end()
            #expect(outcome.status == 2)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("Hint:"))
            #expect(
                try await tool.start(arguments, environment: ["MANTA_ADDRESS": "10.9.8.7:1"]).end().status
                    == 2
            )
        }
    }

    @Test(
        "what cannot be used is refused by name, with 1",
        arguments: [
            (["start", "--head", "--bind", "localhost"], "localhost"),
            (["start", "--head", "--bind", "203.0.113.7"], "203.0.113.7"),
            (["start", "--head", "--secret-file", "/no/such/file"], "/no/such/file"),
            (["start", "--head", "--tls-cert", "/no/a", "--tls-key", "/no/b", "--tls-ca", "/no/c"], "/no/a"),
            (["start", "--head", "--store-capacity", "1KiB"], "1024 bytes"),
        ]
    )
    func unusable(arguments: [String], word: String) async throws {
        try await Tool.used { tool in
            let outcome = try await tool.start(arguments + ["--port", "0"]).end()
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.errors.contains(word), "\(outcome.errors)")
        }
    }
}
