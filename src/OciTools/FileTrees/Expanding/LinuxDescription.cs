using System.Runtime.InteropServices;

namespace OciTools.FileTrees.Expanding;

/// <summary>What statx(2) tells of a file.</summary>
internal static class LinuxDescription
{
    internal const int Size = 256;
    internal const uint OwnerAndMode = 0x1A;
    internal const uint Inode = 0x100;
    internal const uint Born = 0x800;

    // struct statx: offsets are the same on all processors
    internal static uint MaskOf(ReadOnlySpan<byte> description) => MemoryMarshal.Read<uint>(description);

    internal static uint UserOf(ReadOnlySpan<byte> description) => MemoryMarshal.Read<uint>(description[20..]);

    internal static uint GroupOf(ReadOnlySpan<byte> description) => MemoryMarshal.Read<uint>(description[24..]);

    /// <summary>Permissions with setuid, setgid and sticky bit, without the kind of the file.</summary>
    internal static uint ModeOf(ReadOnlySpan<byte> description) => MemoryMarshal.Read<ushort>(description[28..]) & 0xFFFu;

    internal static ulong InodeOf(ReadOnlySpan<byte> description) => MemoryMarshal.Read<ulong>(description[32..]);

    /// <summary>When the file was made, as text; null where the file system does not keep it.</summary>
    internal static string? BornOf(ReadOnlySpan<byte> description) => (MaskOf(description) & Born) == 0
        ? null
        : $"{MemoryMarshal.Read<long>(description[80..])}.{MemoryMarshal.Read<uint>(description[88..]):D9}";
}
