using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Calls of the C library of 64-bit Linux, on names as raw bytes that end with a zero, below a directory that is open. Names are single
/// segments, so that no path is ever looked up.
/// </summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxCalls
{
    internal const int WriteOnly = 1;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int CloseOnExec = 0x80000;
    internal const int PathOnly = 0x200000;
    internal const int WorkingFolder = -100;
    internal const int DoNotFollow = 0x100;
    internal const int RemoveFolder = 0x200;
    internal const int EmptyPath = 0x1000;
    internal const uint KeepOther = 1;
    internal const uint Swap = 2;

    /// <summary>The mode of a folder that only its owner may enter: 0700.</summary>
    internal const uint PrivateFolder = 0x1C0;

    private const string Library = "libc";

    // the two that are not the same on all processors
    private static readonly bool s_isArmOrPower = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Ppc64le;

    /// <summary>O_DIRECTORY.</summary>
    internal static int Folder { get; } = s_isArmOrPower ? 0x4000 : 0x10000;

    /// <summary>O_NOFOLLOW.</summary>
    internal static int NoFollow { get; } = s_isArmOrPower ? 0x8000 : 0x20000;

    /// <summary>Whether the calls below have the sizes that they are declared with.</summary>
    [SupportedOSPlatformGuard("linux")]
    internal static bool IsSupported => OperatingSystem.IsLinux() && Environment.Is64BitProcess;

    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true)]
    internal static partial SafeFileHandle OpenAt(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MakeFolder(string path, uint mode);

    [LibraryImport(Library, EntryPoint = "mkdirat", SetLastError = true)]
    internal static partial int MakeFolderAt(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode);

    [LibraryImport(Library, EntryPoint = "mknodat", SetLastError = true)]
    internal static partial int MakeNodeAt(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode, ulong device);

    [LibraryImport(Library, EntryPoint = "symlinkat", SetLastError = true)]
    internal static partial int MakeLinkAt(ReadOnlySpan<byte> target, SafeFileHandle folder, ReadOnlySpan<byte> name);

    [LibraryImport(Library, EntryPoint = "linkat", SetLastError = true)]
    internal static partial int LinkAt(SafeFileHandle oldFolder, ReadOnlySpan<byte> oldName, SafeFileHandle folder, ReadOnlySpan<byte> name, int flags);

    [LibraryImport(Library, EntryPoint = "renameat", SetLastError = true)]
    internal static partial int RenameAt(SafeFileHandle oldFolder, ReadOnlySpan<byte> oldName, SafeFileHandle folder, ReadOnlySpan<byte> name);

    [LibraryImport(Library, EntryPoint = "renameat2", SetLastError = true)]
    internal static partial int RenameAt(SafeFileHandle oldFolder, ReadOnlySpan<byte> oldName, SafeFileHandle folder, ReadOnlySpan<byte> name, uint flags);

    [LibraryImport(Library, EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(string oldPath, string path);

    [LibraryImport(Library, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(int oldFolder, string oldPath, int folder, string path, uint flags);

    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true)]
    internal static partial int UnlinkAt(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags);

    [LibraryImport(Library, EntryPoint = "rmdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int RemoveEmptyFolder(string path);

    [LibraryImport(Library, EntryPoint = "fchown", SetLastError = true)]
    internal static partial int SetOwner(SafeFileHandle file, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "fchownat", SetLastError = true)]
    internal static partial int SetOwnerAt(SafeFileHandle folder, ReadOnlySpan<byte> name, uint user, uint group, int flags);

    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int SetMode(SafeFileHandle file, uint mode);

    [LibraryImport(Library, EntryPoint = "fchmodat", SetLastError = true)]
    internal static partial int SetModeAt(SafeFileHandle folder, ReadOnlySpan<byte> name, uint mode, int flags);

    [LibraryImport(Library, EntryPoint = "chmod", SetLastError = true)]
    internal static partial int SetModeOf(ReadOnlySpan<byte> path, uint mode);

    /// <param name="file">The file.</param>
    /// <param name="times">Seconds and nanoseconds of the last access, then those of the last change.</param>
    [LibraryImport(Library, EntryPoint = "futimens", SetLastError = true)]
    internal static partial int SetTimes(SafeFileHandle file, ReadOnlySpan<long> times);

    [LibraryImport(Library, EntryPoint = "utimensat", SetLastError = true)]
    internal static partial int SetTimesAt(SafeFileHandle folder, ReadOnlySpan<byte> name, ReadOnlySpan<long> times, int flags);

    [LibraryImport(Library, EntryPoint = "fsetxattr", SetLastError = true)]
    internal static partial int SetAttribute(SafeFileHandle file, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport(Library, EntryPoint = "lsetxattr", SetLastError = true)]
    internal static partial int SetAttributeOfLink(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    internal static partial int Describe(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags, uint mask, Span<byte> description);

    [LibraryImport(Library, EntryPoint = "fdopendir", SetLastError = true)]
    internal static partial nint OpenList(nint folder);

    [LibraryImport(Library, EntryPoint = "readdir", SetLastError = true)]
    internal static partial nint ReadList(nint list);

    [LibraryImport(Library, EntryPoint = "closedir")]
    internal static partial int CloseList(nint list);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    internal static partial uint UserId();

    [LibraryImport(Library, EntryPoint = "getegid")]
    internal static partial uint GroupId();
}
