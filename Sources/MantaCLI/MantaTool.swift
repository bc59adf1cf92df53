internal import ArgumentParser
internal import MantaCore

/// The `manta` tool: one file for each verb.
struct MantaTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manta",
        abstract: "Starts the nodes of a cluster, and tells what runs on them.",
        usage: """
            manta start --head
            manta start --address <host:port> --secret-file <file>
            manta status
            """,
        discussion: """
            A cluster is a head and any number of nodes, each a daemon on a machine of its own. Programs join by the \
            node of their machine: set MANTA_ADDRESS to the address of the head, or to auto.

            Exit codes: 0 success; 1 failure; 2 no node runs there, or the cluster does not answer; 64 the command \
            line cannot be read. `manta submit` exits as the program does.

            Environment: MANTA_ADDRESS, the cluster that commands ask; MANTA_DIRECTORY, the folder of the node to ask \
            it by; and for `manta start` what programs read too, such as MANTA_CPUS and MANTA_STORE_CAPACITY.

            Completions: manta --generate-completion-script bash (or zsh, fish) prints a script for your shell, for \
            example for /etc/bash_completion.d/manta.
            """,
        version: Release.version,
        subcommands: [Start.self, Stop.self, Status.self, List.self, Logs.self, Drain.self, Submit.self]
    )
}
