@_exported public import Manta
