using System.Runtime.Versioning;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Writes a tree with what .NET offers on every system: contents, permissions, times, links; no owners, devices and attributes. The folders
/// are made anew below one that nobody else knows, and links come last, so that no path leads through one.
/// </summary>
internal sealed class ManagedTarget : ITreeTarget
{
    private const int PermissionBits = 0x1FF;

    // lifts the limit on the length of paths, and the rules by which Windows changes names
    private const string PlainPrefix = @"\\?\";

    private readonly bool _isWindows;
    private readonly string _staging;
    private readonly Stack<string> _folders = new();

    /// <param name="folder">The absolute path of the folder that becomes the root.</param>
    /// <param name="staging">That of the folder for what has no place yet.</param>
    /// <param name="isWindows">Whether names follow the rules of Windows.</param>
    internal ManagedTarget(string folder, string staging, bool isWindows)
    {
        _isWindows = isWindows;
        _staging = Plain(staging);
        _folders.Push(Plain(folder));
    }

    public bool SetsOwners => false;

    public bool NeedsLinkKind => _isWindows;

    public SafeFileHandle StageFile(StagedName staged) => File.OpenHandle(PathOf(staged), FileMode.CreateNew, FileAccess.Write);

    public string? Describe(SafeFileHandle file, in FileMetadata metadata)
    {
        string? lost = LostAttributes(metadata);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, ModeOf(metadata, ref lost));
        if (TimeOf(metadata, ref lost) is { } time) File.SetLastWriteTimeUtc(file, time);
        return lost;
    }

    public string? StageDevice(StagedName staged, FileKind kind, uint major, uint minor) => "devices and pipes are made on Linux only";

    public string? StageLink(StagedName staged, ReadOnlySpan<byte> target, bool leadsToFolder)
    {
        string text = Encoding.UTF8.GetString(target);
        if (!System.Text.Unicode.Utf8.IsValid(target) || (_isWindows && !PortableNames.IsLinkForWindows(text))) return "its target cannot be one on this system";
        try
        {
            if (leadsToFolder) Directory.CreateSymbolicLink(PathOf(staged), _isWindows ? text.Replace('/', '\\') : text);
            else File.CreateSymbolicLink(PathOf(staged), _isWindows ? text.Replace('/', '\\') : text);
            return null;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or ArgumentException or IOException && !IsFull(e))
        {
            return $"it cannot be made here ({e.Message})";
        }
    }

    public string? Describe(StagedName staged, FileKind kind, in FileMetadata metadata) => LostAttributes(metadata);

    public string? Place(StagedName staged, ReadOnlySpan<byte> name, bool isShared)
    {
        if (PortableNames.Decode(name, _isWindows) is not { } text) return Refusals.NameRefused;
        string from = PathOf(staged);
        string to = Path.Join(_folders.Peek(), text);
        if (Exists(to)) return Refusals.NameTaken;
        if (!Exists(from)) return Refusals.NoHardLinks;
        try
        {
            if (!isShared || !HardLink(from, to)) MoveLinkOrFile(from, to);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException or UnauthorizedAccessException)
        {
            return Refusals.NameRefused;
        }
        catch (IOException) when (Exists(to))
        {
            return Refusals.NameTaken;
        }
    }

    public string? MakeFolder(ReadOnlySpan<byte> name)
    {
        if (PortableNames.Decode(name, _isWindows) is not { } text) return Refusals.NameRefused;
        string path = Path.Join(_folders.Peek(), text);
        if (Exists(path)) return Refusals.NameTaken;
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException or UnauthorizedAccessException)
        {
            return Refusals.NameRefused;
        }

        _folders.Push(path);
        return null;
    }

    public void ReadNames(NameReader reader)
    {
        foreach (string path in Directory.EnumerateFileSystemEntries(_folders.Peek())) reader(Encoding.UTF8.GetBytes(Path.GetFileName(path)));
    }

    public bool IsThere(ReadOnlySpan<byte> name) => Exists(Path.Join(_folders.Peek(), PortableNames.Decode(name, _isWindows)));

    public void Enter(ReadOnlySpan<byte> name) => _folders.Push(Path.Join(_folders.Peek(), PortableNames.Decode(name, _isWindows)));

    public void Leave()
    {
        if (_folders.Count > 1) _folders.Pop();
    }

    public string? Leave(in FileMetadata metadata)
    {
        string? lost = LostAttributes(metadata);
        string folder = _folders.Peek();
        Leave();
        if (TimeOf(metadata, ref lost) is { } time) Directory.SetLastWriteTimeUtc(folder, time);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, ModeOf(metadata, ref lost));
        return lost;
    }

    public void Dispose()
    {
    }

    private string PathOf(StagedName staged) => Path.Join(_staging, staged.ToString());

    private string Plain(string path) => _isWindows && OperatingSystem.IsWindows() && !path.StartsWith(PlainPrefix, StringComparison.Ordinal) && !path.StartsWith(@"\\", StringComparison.Ordinal)
        ? PlainPrefix + path
        : path;

    // also of a link that leads nowhere
    private static bool Exists(string path) => Path.Exists(path) || new FileInfo(path).LinkTarget is not null;

    private static void MoveLinkOrFile(string from, string to)
    {
        if (Directory.Exists(from)) Directory.Move(from, to);
        else File.Move(from, to);
    }

    private static bool HardLink(string from, string to) => OperatingSystem.IsWindows() ? HardLinks.MakeOnWindows(to, from, 0) : HardLinks.Make(from, to) == 0;

    private static bool IsFull(Exception e) => e is IOException && (e.HResult & 0xFFFF) is 28 or 112 or 39;

    private static string? LostAttributes(in FileMetadata metadata) => metadata.Attributes.Count == 0 ? null : "its extended attributes are set on Linux only";

    [UnsupportedOSPlatform("windows")]
    private static UnixFileMode ModeOf(in FileMetadata metadata, ref string? lost)
    {
        if ((metadata.Mode & (ModeText.SetUser | ModeText.SetGroup)) != 0) lost = Refusals.Join(lost, Refusals.SetIdDropped);
        return (UnixFileMode)(metadata.Mode & PermissionBits);
    }

    private static DateTime? TimeOf(in FileMetadata metadata, ref string? lost)
    {
        if (!metadata.HasTime) return null;
        // the years that files of Windows can have
        const long first = -11_644_473_599;
        const long last = 253_402_300_799;
        if (metadata.Seconds is >= first and <= last) return DateTime.UnixEpoch.AddSeconds(metadata.Seconds).AddTicks(metadata.Nanoseconds / 100);
        lost = Refusals.Join(lost, Refusals.Metadata("time", "no such year here"));
        return null;
    }
}
