using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OciTools.Stores.Files;

/// <summary>
/// Makes sure that files are on the disk, and that only one process has a lock. .NET says nothing of a disk that fails while it flushes,
/// cannot flush a folder, and lets a variable of the environment switch its locks off; so on Unix the calls of the system are made.
/// </summary>
internal static partial class DurableFile
{
    private const int Exclusive = 2;
    private const int DoNotWait = 4;
    private const int Interrupted = 4;
    private const int Busy = 11;
    private const int BusyMac = 35;
    private const int ReadWrite = 2;
    private const int CloseOnExec = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(20);

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

    /// <summary>Waits until this process alone has a lock. It dies with the handle, and so with the process.</summary>
    /// <param name="path">The file that stands for the lock; made where it is missing, and never removed.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    internal static async Task<SafeFileHandle> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryLock(path) is { } handle) return handle;
            await Task.Delay(s_between, cancellationToken).ConfigureAwait(false);
        }
    }

    private static SafeFileHandle? TryLock(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when ((e.HResult & 0xFFFF) is 32 or 33)
            {
                return null;
            }
        }

        // .NET itself takes a shared lock of every file that it opens, in which two processes would stand in each other's way
        if (!File.Exists(path)) Make(path);
        SafeFileHandle handle = OpenFile(path, ReadWrite | (OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExec));
        int error = 0;
        if (handle.IsInvalid || LockFile(handle, Exclusive | DoNotWait) != 0) error = Marshal.GetLastPInvokeError();
        if (error == 0) return handle;
        handle.Dispose();
        return error is Busy or BusyMac or Interrupted ? null : throw new IOException($"'{path}' cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    private static void Make(string path)
    {
        try
        {
            File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // another process has made and locked it
        }
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int LockFile(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);
}
