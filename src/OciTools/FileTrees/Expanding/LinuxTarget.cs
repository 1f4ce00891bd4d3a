using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace OciTools.FileTrees.Expanding;

/// <summary>
/// Writes a tree with calls of Linux that take one name below an open directory: no path is looked up, so none can lead through a link.
/// Names come out as the bytes that they are.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxTarget : ITreeTarget
{
    private const uint PrivateFile = 0x180;
    private const int LongestName = 255;

    private static readonly byte[] s_above = [(byte)'.', (byte)'.', 0];

    private readonly SafeFileHandle _staging;
    private readonly LinuxMetadata _metadata;
    private SafeFileHandle _folder;
    private int _depth;

    /// <param name="folder">The folder that becomes the root.</param>
    /// <param name="staging">The folder for what has no place yet, on the same file system.</param>
    /// <param name="setsOwners">Whether owners are set.</param>
    internal LinuxTarget(string folder, string staging, bool setsOwners)
    {
        _metadata = new LinuxMetadata(setsOwners);
        _staging = OpenFolder(staging);
        _folder = OpenFolder(folder);
    }

    public bool SetsOwners => _metadata.SetsOwners;

    public bool NeedsLinkKind => false;

    public SafeFileHandle StageFile(StagedName staged)
    {
        Span<byte> buffer = stackalloc byte[StagedName.MaximumLength];
        return Open(_staging, staged.Write(buffer), LinuxCalls.WriteOnly | LinuxCalls.Create | LinuxCalls.Exclusive);
    }

    public string? Describe(SafeFileHandle file, in FileMetadata metadata) => _metadata.Set(file, metadata, isFolder: false);

    public string? StageDevice(StagedName staged, FileKind kind, uint major, uint minor)
    {
        uint type = kind switch { FileKind.CharacterDevice => 0x2000u, FileKind.BlockDevice => 0x6000u, _ => 0x1000u };
        ulong device = ((ulong)(major & 0xFFFFF000) << 32) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & 0xFFFFFF00) << 12) | (minor & 0xFF);
        Span<byte> buffer = stackalloc byte[StagedName.MaximumLength];
        return LinuxCalls.MakeNodeAt(_staging, staged.Write(buffer), type | PrivateFile, kind == FileKind.Fifo ? 0 : device) < 0 ? LinuxError.KindRefusal(LinuxError.Last) : null;
    }

    public string? StageLink(StagedName staged, ReadOnlySpan<byte> target, bool leadsToFolder)
    {
        Span<byte> buffer = stackalloc byte[StagedName.MaximumLength];
        return LinuxCalls.MakeLinkAt((byte[])[.. target, 0], _staging, staged.Write(buffer)) < 0 ? LinuxError.KindRefusal(LinuxError.Last) : null;
    }

    public string? Describe(StagedName staged, FileKind kind, in FileMetadata metadata)
    {
        Span<byte> buffer = stackalloc byte[StagedName.MaximumLength];
        return _metadata.Set(_staging, staged.Write(buffer), kind, metadata);
    }

    public string? Place(StagedName staged, ReadOnlySpan<byte> name, bool isShared)
    {
        Span<byte> from = stackalloc byte[StagedName.MaximumLength];
        Span<byte> to = stackalloc byte[LongestName + 1];
        if (name.Length > LongestName) return Refusals.NameTooLong;
        ReadOnlySpan<byte> staging = staged.Write(from);
        ReadOnlySpan<byte> target = Terminate(name, to);
        if (isShared)
        {
            if (LinuxCalls.LinkAt(_staging, staging, _folder, target, 0) == 0) return null;
            if (LinuxError.Last == LinuxError.NotThere) return Refusals.NoHardLinks;
            // without hard links, or with too many, the first or last of them takes the file itself
            if (LinuxError.Last is not (LinuxError.NotPermitted or LinuxError.TooManyLinks or LinuxError.NotImplemented or LinuxError.NotSupported)) return LinuxError.NameRefusal(LinuxError.Last);
        }

        if (MoveBesideOthers(staging, target)) return null;
        if (LinuxError.Last is not (LinuxError.Invalid or LinuxError.NotImplemented or LinuxError.NotSupported)) return LinuxError.NameRefusal(LinuxError.Last);
        // the file system cannot refuse to replace: nobody else is in the folder, so it is enough to look before
        if (Describe(target)) return Refusals.NameTaken;
        if (LinuxError.Last != LinuxError.NotThere) return LinuxError.NameRefusal(LinuxError.Last);
        return LinuxCalls.RenameAt(_staging, staging, _folder, target) < 0 ? LinuxError.NameRefusal(LinuxError.Last) : null;
    }

    public string? MakeFolder(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[LongestName + 1];
        if (name.Length > LongestName) return Refusals.NameTooLong;
        ReadOnlySpan<byte> target = Terminate(name, buffer);
        if (LinuxCalls.MakeFolderAt(_folder, target, LinuxCalls.PrivateFolder) < 0) return LinuxError.NameRefusal(LinuxError.Last);
        GoTo(Open(_folder, target, LinuxCalls.Folder), _depth + 1);
        return null;
    }

    public void ReadNames(NameReader reader)
    {
        using LinuxList list = new(_folder);
        if (!list.IsOpen) throw LinuxError.Fatal(LinuxError.Last);
        while (list.Next(out ReadOnlySpan<byte> name)) reader(name[..^1]);
        if (LinuxError.Last != 0) throw LinuxError.Fatal(LinuxError.Last);
    }

    public bool IsThere(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[LongestName + 1];
        return Describe(Terminate(name, buffer));
    }

    public void Enter(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[LongestName + 1];
        GoTo(Open(_folder, Terminate(name, buffer), LinuxCalls.Folder), _depth + 1);
    }

    public void Leave()
    {
        if (_depth > 0) GoTo(Open(_folder, s_above, LinuxCalls.Folder), _depth - 1);
    }

    // the folder above is opened first: the metadata may take away the right to do so
    public string? Leave(in FileMetadata metadata)
    {
        using SafeFileHandle? left = _depth > 0 ? _folder : null;
        if (left is not null)
        {
            _folder = Open(left, s_above, LinuxCalls.Folder);
            _depth--;
        }

        return _metadata.Set(left ?? _folder, metadata, isFolder: true);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _staging.Dispose();
    }

    private bool MoveBesideOthers(ReadOnlySpan<byte> staging, ReadOnlySpan<byte> target)
    {
        try
        {
            return LinuxCalls.RenameAt(_staging, staging, _folder, target, LinuxCalls.KeepOther) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            // older C libraries do not have it
            System.Runtime.InteropServices.Marshal.SetLastPInvokeError(LinuxError.NotImplemented);
            return false;
        }
    }

    private bool Describe(ReadOnlySpan<byte> name)
    {
        Span<byte> description = stackalloc byte[LinuxDescription.Size];
        return LinuxCalls.Describe(_folder, name, LinuxCalls.DoNotFollow, 0, description) == 0;
    }

    private void GoTo(SafeFileHandle folder, int depth)
    {
        _folder.Dispose();
        (_folder, _depth) = (folder, depth);
    }

    private static SafeFileHandle OpenFolder(string path)
    {
        SafeFileHandle folder = LinuxCalls.Open(path, LinuxCalls.Folder | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, 0);
        return folder.IsInvalid ? throw LinuxError.Fatal(LinuxError.Last) : folder;
    }

    private static SafeFileHandle Open(SafeFileHandle folder, ReadOnlySpan<byte> name, int flags)
    {
        SafeFileHandle file;
        do file = LinuxCalls.OpenAt(folder, name, flags | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, PrivateFile);
        while (file.IsInvalid && LinuxError.Last == LinuxError.Interrupted);
        return file.IsInvalid ? throw LinuxError.Fatal(LinuxError.Last) : file;
    }

    // All names of an image pass here: each is one segment that stays below its folder.
    private static ReadOnlySpan<byte> Terminate(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.IsEmpty || name is [(byte)'.'] or [(byte)'.', (byte)'.'] || name.IndexOfAny((byte)'/', (byte)0) >= 0)
            throw ErrorCatalogue.MalformedContent.Error($"'{DisplayText.Excerpt(EntryPath.Show(name))}' cannot be the name of a file.");
        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return buffer[..(name.Length + 1)];
    }
}
