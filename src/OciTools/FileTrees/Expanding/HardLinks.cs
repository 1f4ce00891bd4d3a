using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace OciTools.FileTrees.Expanding;

/// <summary>Hard links, which .NET has no method for.</summary>
internal static partial class HardLinks
{
    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    internal static partial int Make(string from, string to);

    [SupportedOSPlatform("windows")]
    [LibraryImport("kernel32", EntryPoint = "CreateHardLinkW", StringMarshalling = StringMarshalling.Utf16, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    internal static partial bool MakeOnWindows(string to, string from, nint security);
}
