internal import Manta
internal import MantaStorage

extension EtcdElection: HeadElection {}
