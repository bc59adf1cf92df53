internal import CMantaShims

/// The CRC32C of `bytes`, continued from that of what came before them.
///
/// 30 GB/s from the cache and 16 from memory where the processor has an instruction for it, 2 where it has not.
package func crc32c(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    manta_crc32c(crc, bytes.baseAddress, bytes.count)
}
