using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>The names in a folder that is open, as raw bytes that end with a zero. It has a descriptor of its own, and ends with it.</summary>
[SupportedOSPlatform("linux")]
internal readonly ref struct LinuxList
{
    // struct dirent of 64-bit Linux
    private const int NameOffset = 19;

    private static readonly byte[] s_itself = [(byte)'.', 0];

    private readonly nint _list;

    /// <param name="folder">The folder.</param>
    internal LinuxList(SafeFileHandle folder)
    {
        SafeFileHandle own = LinuxCalls.OpenAt(folder, s_itself, LinuxCalls.Folder | LinuxCalls.CloseOnExec, 0);
        if (own.IsInvalid) return;
        _list = LinuxCalls.OpenList(own.DangerousGetHandle());
        if (_list == 0) own.Dispose();
        else own.SetHandleAsInvalid();
    }

    /// <summary>Whether it could be opened; if not, <see cref="LinuxError.Last"/> says why.</summary>
    internal bool IsOpen => _list != 0;

    /// <summary>The next name, valid until the one after it; false at the end, where <see cref="LinuxError.Last"/> is 0 if it was reached.</summary>
    internal bool Next(out ReadOnlySpan<byte> name)
    {
        do
        {
            nint entry = LinuxCalls.ReadList(_list);
            name = entry == 0 ? default : NameAt(entry);
        }
        while (name is [(byte)'.', 0] or [(byte)'.', (byte)'.', 0]);
        return !name.IsEmpty;
    }

    internal void Dispose()
    {
        if (_list != 0) _ = LinuxCalls.CloseList(_list);
    }

    private static unsafe ReadOnlySpan<byte> NameAt(nint entry)
    {
        byte* name = (byte*)entry + NameOffset;
        return new ReadOnlySpan<byte>(name, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).Length + 1);
    }
}
