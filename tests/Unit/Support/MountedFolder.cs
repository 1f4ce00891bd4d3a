using OciTools.UnitTests.Expanding;

namespace OciTools.UnitTests.Support;

/// <summary>A folder with a file system of its own, which is gone after the test. Where it cannot be mounted, the test is skipped and says why.</summary>
internal sealed class MountedFolder : IDisposable
{
    private readonly TempFolder _around = new();

    private MountedFolder(Action<string, string> mount)
    {
        Path = Directory.CreateDirectory(_around.Path + "/mounted").FullName;
        try
        {
            mount(_around.Path + "/image", Path);
        }
        catch
        {
            _around.Dispose();
            throw;
        }
    }

    internal string Path { get; }

    /// <summary>NTFS by a driver of the package ntfs-3g.</summary>
    internal static MountedFolder Ntfs(string driver, string options) => Mount((image, path) =>
    {
        using (FileStream file = File.Create(image)) file.SetLength(8 << 20);
        Tool.Run("mkntfs", ["-Q", "-F", "-q", image]);
        Tool.Run(driver, [image, path, "-o", options]);
    });

    /// <summary>ext4 whose folder <c>folding</c> does not tell upper from lower case.</summary>
    internal static MountedFolder FoldingExt4() => Mount((image, path) =>
    {
        using (FileStream file = File.Create(image)) file.SetLength(8 << 20);
        Tool.Run("mkfs.ext4", ["-q", "-O", "casefold", image]);
        Tool.Run("mount", ["-o", "loop", image, path]);
        try
        {
            Tool.Run("chattr", ["+F", Directory.CreateDirectory(path + "/folding").FullName]);
        }
        catch
        {
            Unmount(path);
            throw;
        }
    });

    /// <summary>A file system in memory that takes so many bytes.</summary>
    internal static MountedFolder Memory(long size) => Mount((_, path) => MountMemory(size, path));

    /// <summary>The same, or null where it cannot be mounted.</summary>
    internal static MountedFolder? TryMemory(long size)
    {
        try
        {
            return Expansion.IsRoot ? new MountedFolder((_, path) => MountMemory(size, path)) : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static MountedFolder Mount(Action<string, string> mount)
    {
        Assert.SkipUnless(Expansion.IsRoot, "Mounting needs root on Linux.");
        try
        {
            return new MountedFolder(mount);
        }
        catch (InvalidOperationException e)
        {
            Assert.Skip($"This cannot be mounted here: {e.Message}");
            throw;
        }
    }

    private static void MountMemory(long size, string path) => Tool.Run("mount", ["-t", "tmpfs", "-o", $"size={size}", "tmpfs", path]);

    /// <summary>
    /// Takes a file system away. A program that another test starts has the open files of this process for a moment, until it becomes a
    /// program of its own, so that nothing may be in use but the file system is said to be.
    /// </summary>
    internal static void Unmount(string path)
    {
        for (int left = 100; ; left--)
        {
            try
            {
                Tool.Run("umount", [path]);
                return;
            }
            catch (InvalidOperationException e) when (left > 0 && e.Message.Contains("busy", StringComparison.Ordinal))
            {
                Thread.Sleep(50);
            }
        }
    }

    public void Dispose()
    {
        Unmount(Path);
        _around.Dispose();
    }
}
