using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OciTools.Stores.Files;

/// <summary>
/// Makes sure that files are on the disk. .NET says nothing of a disk that fails while it flushes, and cannot flush a folder; so on Unix the
/// calls of the system are made.
/// </summary>
internal static partial class DurableFile
{
    private const int Interrupted = 4;

    /// <summary>Puts the bytes of a file on the disk.</summary>
    /// <exception cref="IOException">The disk does not take them.</exception>
    internal static void Flush(SafeFileHandle file, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (SyncFile(file) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) throw new IOException($"'{path}' cannot be put on the disk: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    /// <summary>Puts the names in a folder on the disk.</summary>
    /// <exception cref="IOException">The disk does not take them.</exception>
    internal static void FlushFolder(string path)
    {
        // Windows keeps them in its journal
        if (OperatingSystem.IsWindows()) return;
        using SafeFileHandle folder = OpenFile(path, 0);
        if (folder.IsInvalid) throw new IOException($"'{path}' cannot be put on the disk: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        Flush(folder, path);
    }

    /// <summary>Makes a folder, and those above it, as far as they are not there, and puts their names on the disk.</summary>
    internal static void MakeFolder(string path)
    {
        if (Directory.Exists(path)) return;
        string? parent = Path.GetDirectoryName(path);
        if (!string.IsNullOrEmpty(parent)) MakeFolder(parent);
        Directory.CreateDirectory(path);
        if (!string.IsNullOrEmpty(parent)) FlushFolder(parent);
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);
}
