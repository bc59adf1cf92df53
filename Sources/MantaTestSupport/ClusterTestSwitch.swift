internal import Glibc

/// Whether tests run that start daemons and make hosts: `MANTA_CLUSTER_TESTS=1`.
///
/// Not with the others, because these start programs by the dozen, while those count what their process holds.
package enum ClusterTestSwitch {
    package static let isOn = getenv("MANTA_CLUSTER_TESTS").map { String(cString: $0) } == "1"
}
