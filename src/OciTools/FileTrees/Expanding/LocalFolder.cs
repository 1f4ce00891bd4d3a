using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>Folders of this computer as a whole: made, known again, exchanged, removed. What fails is an <see cref="IOException"/>.</summary>
internal static class LocalFolder
{
    /// <summary>Makes a folder that only its owner may enter, and that was not there before.</summary>
    internal static void Make(string path)
    {
        if (LinuxCalls.IsSupported)
        {
            if (LinuxCalls.MakeFolder(path, LinuxCalls.PrivateFolder) < 0) throw LinuxError.Fatal(LinuxError.Last);
            return;
        }

        if (Path.Exists(path)) throw new IOException($"'{path}' exists already.");
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Opens a folder to write a tree into it.</summary>
    internal static ITreeTarget Open(string folder, string staging, bool setsOwners) => LinuxCalls.IsSupported
        ? new LinuxTarget(folder, staging, setsOwners)
        : new ManagedTarget(folder, staging, OperatingSystem.IsWindows());

    /// <summary>Whether owners can be set.</summary>
    internal static bool MaySetOwners => LinuxCalls.IsSupported && LinuxCalls.UserId() == 0;

    /// <summary>What tells a folder from every other one that has its path before or after it.</summary>
    internal static string IdentityOf(string path)
    {
        if (!LinuxCalls.IsSupported) return Directory.GetCreationTimeUtc(path).Ticks.ToString(CultureInfo.InvariantCulture);
        using SafeFileHandle folder = LinuxCalls.Open(path, LinuxCalls.PathOnly | LinuxCalls.Folder | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, 0);
        if (folder.IsInvalid) throw LinuxError.Fatal(LinuxError.Last);
        Span<byte> description = stackalloc byte[LinuxDescription.Size];
        if (LinuxCalls.Describe(folder, [0], LinuxCalls.EmptyPath, LinuxDescription.Inode | LinuxDescription.Born, description) < 0) throw LinuxError.Fatal(LinuxError.Last);
        return $"{LinuxDescription.InodeOf(description)}/{LinuxDescription.BornOf(description)}";
    }

    /// <summary>Whether a file belongs to the user who runs this process.</summary>
    internal static bool IsOwn(SafeFileHandle file)
    {
        if (!LinuxCalls.IsSupported) return true;
        Span<byte> description = stackalloc byte[LinuxDescription.Size];
        return LinuxCalls.Describe(file, [0], LinuxCalls.EmptyPath, LinuxDescription.OwnerAndMode, description) == 0 && LinuxDescription.UserOf(description) == LinuxCalls.UserId();
    }

    /// <summary>A path in a folder that something else is mounted on; null for none.</summary>
    internal static string? MountBelow(string path)
    {
        if (!LinuxCalls.IsSupported || !File.Exists("/proc/self/mountinfo")) return null;
        using SafeFileHandle folder = LinuxCalls.Open(path, LinuxCalls.PathOnly | LinuxCalls.Folder | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, 0);
        if (folder.IsInvalid) throw LinuxError.Fatal(LinuxError.Last);
        string real = new FileInfo($"/proc/self/fd/{folder.DangerousGetHandle()}").LinkTarget ?? path;
        return File.ReadLines("/proc/self/mountinfo", Encoding.UTF8)
            .Select(line => line.Split(' ') is { Length: > 4 } fields ? Unescape(fields[4]) : "")
            .FirstOrDefault(mount => mount == real || mount.StartsWith(real + "/", StringComparison.Ordinal));
    }

    /// <summary>Gives a folder another path in the same folder, where nothing or an empty folder lies.</summary>
    internal static void Move(string from, string to)
    {
        if (LinuxCalls.IsSupported)
        {
            if (LinuxCalls.Rename(from, to) < 0) throw LinuxError.Fatal(LinuxError.Last);
            return;
        }

        if (Directory.Exists(to)) Directory.Delete(to, recursive: false);
        Directory.Move(from, to);
    }

    /// <summary>Exchanges two folders that lie in the same folder.</summary>
    /// <param name="first">One.</param>
    /// <param name="second">The other.</param>
    /// <param name="between">A path beside them where nothing lies, for file systems that cannot exchange at once.</param>
    internal static void Exchange(string first, string second, string between)
    {
        if (CanExchange(first, second)) return;
        Move(second, between);
        try
        {
            Move(first, second);
        }
        catch (IOException)
        {
            Move(between, second);
            throw;
        }

        Move(between, first);
    }

    /// <summary>Removes a folder with all that lies in it; a link is not followed.</summary>
    internal static void Remove(string path)
    {
        if (LinuxCalls.IsSupported) LinuxRemoval.Remove(path);
        else Directory.Delete(path, recursive: true);
    }

    private static bool CanExchange(string first, string second)
    {
        if (!LinuxCalls.IsSupported) return false;
        try
        {
            return LinuxCalls.Rename(LinuxCalls.WorkingFolder, first, LinuxCalls.WorkingFolder, second, LinuxCalls.Swap) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // older C libraries do not have it
            return false;
        }
    }

    // mountinfo writes space, tab, newline and backslash as \ooo
    private static string Unescape(string path) => path.Contains('\\', StringComparison.Ordinal)
        ? path.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal).Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal)
        : path;
}
