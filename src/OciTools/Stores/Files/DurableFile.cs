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

    // SYNC_FILE_RANGE_WRITE: begin, and wait for nothing
    private const uint WriteOnly = 2;

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

    /// <summary>
    /// Has the disk begin with bytes that were just written, so that little is left for <see cref="Flush"/> to wait for. Nothing is promised:
    /// what fails here is told by <see cref="Flush"/>, and systems other than Linux begin when they like.
    /// </summary>
    internal static void Begin(SafeFileHandle file, long offset, long length)
    {
        if (OperatingSystem.IsLinux()) _ = BeginRange(file, offset, length, WriteOnly);
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

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int BeginRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);
}
