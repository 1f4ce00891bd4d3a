using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OciTools.Stores.Files;

/// <summary>
/// Locks of files that die with their handle, and so with the process. .NET lets a variable of the environment switch its own locks off, and
/// takes a shared one of every file that it opens; so on Unix the calls of the system are made.
/// </summary>
internal static partial class FileLock
{
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int DoNotWait = 4;
    private const int NotFound = 2;
    private const int Interrupted = 4;
    private const int Busy = 11;
    private const int BusyMac = 35;
    private const int ReadWrite = 2;
    private const int CloseOnExec = 0x80000;
    private const int CloseOnExecMac = 0x1000000;

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a lock is free, and takes it.</summary>
    /// <param name="path">The file that stands for the lock; made where it is missing, and never removed.</param>
    /// <param name="isShared">Whether others may have it at the same time that share it too.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    /// <exception cref="IOException">The file system has no locks, or the file cannot be opened.</exception>
    internal static async Task<SafeFileHandle> TakeAsync(string path, bool isShared, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (!File.Exists(path)) Make(path);
            if (TryTake(path, isShared) is { } handle) return handle;
            await Task.Delay(s_between, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Opens a file to read and write it and locks it against all others; null where another has it or where it is gone.</summary>
    internal static SafeFileHandle? TryOpen(string path)
    {
        SafeFileHandle? file = TryTake(path, isShared: false);

        // who has the lock may have renamed or removed the file before it let it go; nobody gives its name to another one
        if (file is null || File.Exists(path)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>Makes a file that nobody else has, and locks it.</summary>
    /// <param name="nameIt">Gives a path that nothing has.</param>
    internal static (SafeFileHandle File, string Path) Create(Func<string> nameIt)
    {
        while (true)
        {
            string path = nameIt();
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
            if (TryOpen(path) is { } file) return (file, path);

            // somebody just looked whether it is held
            File.Delete(path);
        }
    }

    /// <summary>Whether somebody has a file locked against all others. A file that is gone is held by nobody.</summary>
    internal static bool IsHeld(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            using SafeFileHandle? taken = TryTakeOnWindows(path, isShared: false);
            return taken is null && File.Exists(path);
        }

        using SafeFileHandle? file = OpenLocked(path);
        if (file is null || LockFile(file, Shared | DoNotWait) == 0) return false;
        int error = Marshal.GetLastPInvokeError();
        return error is Busy or BusyMac or Interrupted ? true : throw Failed(path, "locked", error);
    }

    /// <summary>Opens a file to read it, whoever has locked it; null where it is gone.</summary>
    internal static SafeFileHandle? OpenLocked(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch (FileNotFoundException)
            {
                return null;
            }
        }

        SafeFileHandle handle = OpenFile(path, CloseFlag);
        if (!handle.IsInvalid) return handle;
        int error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return error == NotFound ? null : throw Failed(path, "opened", error);
    }

    /// <summary>Lets others share a file from now on that was locked against them, so that it can be read.</summary>
    internal static void Share(SafeFileHandle file)
    {
        // where this fails there is no lock any more, which does no harm to a file that has its last name
        if (!OperatingSystem.IsWindows()) _ = LockFile(file, Shared | DoNotWait);
    }

    private static int CloseFlag => OperatingSystem.IsMacOS() ? CloseOnExecMac : CloseOnExec;

    private static SafeFileHandle? TryTake(string path, bool isShared)
    {
        if (OperatingSystem.IsWindows()) return TryTakeOnWindows(path, isShared);
        SafeFileHandle handle = OpenFile(path, ReadWrite | CloseFlag);
        string failed = "opened";
        int error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (error == 0)
        {
            failed = "locked";
            if (LockFile(handle, (isShared ? Shared : Exclusive) | DoNotWait) == 0) return handle;
            error = Marshal.GetLastPInvokeError();
        }

        handle.Dispose();
        return error is Busy or BusyMac or Interrupted or NotFound ? null : throw Failed(path, failed, error);
    }

    private static SafeFileHandle? TryTakeOnWindows(string path, bool isShared)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, isShared ? FileAccess.Read : FileAccess.ReadWrite, isShared ? FileShare.Read : FileShare.Read | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) is 32 or 33)
        {
            return null;
        }
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

    private static IOException Failed(string path, string what, int error) => new($"'{path}' cannot be {what}: {Marshal.GetPInvokeErrorMessage(error)}.");

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int LockFile(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenFile(string path, int flags);
}
