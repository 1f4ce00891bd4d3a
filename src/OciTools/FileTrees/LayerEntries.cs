using System.Buffers;
using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>
/// The entries of one layer in the order of its tar, checked and packed. Their paths are kept without what they share with the path
/// before, so they are read one after the other (<see cref="PathReader"/>).
/// </summary>
internal sealed class LayerEntries
{
    private readonly ChunkedList<EntryRecord> _records;
    private readonly ByteArena _bytes;
    private readonly ArrayBufferWriter<byte> _extra = new(256);
    private readonly EntryLimits _limits;
    private byte[] _last = new byte[256];
    private byte[] _clean = new byte[256];
    private int _lastLength;
    private ChunkedList<ContentHash>? _hashes;

    /// <param name="layer">The index of the layer, from the bottom, 0-based.</param>
    /// <param name="what">What the layer is and where it lies, for messages.</param>
    /// <param name="isWindows">Whether paths start below the folder <c>Files</c>.</param>
    /// <param name="limits">What is refused.</param>
    internal LayerEntries(int layer, string what, bool isWindows, EntryLimits limits)
    {
        Layer = layer;
        What = what;
        IsWindows = isWindows;
        _limits = limits;
        _records = new ChunkedList<EntryRecord>();
        _bytes = new ByteArena();
    }

    // the same tar as a layer of another image; names and hashes are shared
    private LayerEntries(LayerEntries source, int layer, string what, EntryLimits limits)
    {
        Layer = layer;
        What = what;
        IsWindows = source.IsWindows;
        HasWhiteouts = source.HasWhiteouts;
        _limits = limits;
        _records = source._records.Copy();
        _bytes = source._bytes;
        _hashes = source._hashes;
        for (int i = 0; i < _records.Count; i++)
        {
            limits.CountEntry(what);
            _records[i].ForgetTree();
        }
    }

    internal int Layer { get; }

    /// <summary>What the layer is and where it lies, for messages.</summary>
    internal string What { get; }

    internal bool IsWindows { get; }

    internal int Count => _records.Count;

    /// <summary>Whether any entry is a whiteout or opaque mark.</summary>
    internal bool HasWhiteouts { get; private set; }

    /// <summary>The path of the entry that was added last.</summary>
    internal ReadOnlySpan<byte> LastPath => _last.AsSpan(0, _lastLength);

    internal ref EntryRecord this[int index] => ref _records[index];

    internal ReadOnlySpan<byte> SuffixOf(in EntryRecord record) => _bytes.Get(record.Suffix, record.SuffixLength);

    internal ReadOnlySpan<byte> ExtraOf(in EntryRecord record) => _bytes.Get(record.Extra, record.ExtraLength);

    /// <summary>The path that a hard link leads to, cleaned as the path of an entry.</summary>
    /// <returns>Null if a segment is <c>..</c>.</returns>
    internal byte[]? TargetOf(in EntryRecord record)
    {
        ReadOnlySpan<byte> link = EntryExtra.LinkOf(ExtraOf(record));
        byte[] clean = new byte[link.Length];
        if (!EntryPath.TryClean(link, clean, out int length)) return null;
        ReadOnlySpan<byte> target = clean.AsSpan(0, length);
        return (IsWindows ? BelowFiles(target) : target).ToArray();
    }

    internal ReadOnlySpan<byte> NameAt(uint offset, int length) => _bytes.Get(offset, length);

    /// <summary>The sha256 of the content of a file; null where it was not taken.</summary>
    internal Digest? HashOf(int index) => _hashes is null || index >= _hashes.Count || !_hashes[index].IsSet ? null : Digest.FromHash("sha256", _hashes[index].Bytes());

    /// <summary>Checks the number of entries of the image with that of the directories that they imply.</summary>
    /// <exception cref="OciException">There are too many (<c>TooLarge</c>).</exception>
    internal void CheckCount(int count) => _limits.CheckCount(What, count);

    /// <summary>Keeps the sha256 of the content of a file.</summary>
    internal void SetHash(int index, ReadOnlySpan<byte> hash)
    {
        _hashes ??= new ChunkedList<ContentHash>();
        while (_hashes.Count < index) _hashes.Add(default);
        _hashes.Add(new ContentHash(hash));
    }

    /// <summary>The same entries, as a layer of another image.</summary>
    /// <param name="layer">The index of the layer there.</param>
    /// <param name="what">What it is there, for messages.</param>
    /// <param name="limits">What is refused there.</param>
    internal LayerEntries As(int layer, string what, EntryLimits limits) => new(this, layer, what, limits);

    /// <summary>Adds the next entry of the tar.</summary>
    /// <param name="header">The entry.</param>
    /// <returns>Its index; -1 for one that is no part of the file system.</returns>
    /// <exception cref="MalformedException">Its name could leave the root or be read in two ways (<c>MalformedContent</c>).</exception>
    internal int Add(TarHeader header)
    {
        FileKind kind = KindOf(header);
        ReadOnlySpan<byte> path = Clean(header.RawName.Span);
        if (IsWindows) path = BelowFiles(path);
        if (EntryPath.IsAufsMetadata(path)) return -1;
        if (path.IsEmpty && kind != FileKind.Directory) throw Refuse(header, "it stands for the root and is no directory");
        kind = WhiteoutKind(header, path, kind);
        if (header.RawLink.Length > Limits.PathLength) throw Refuse(header, $"its link target is longer than {Limits.PathLength} bytes");
        _limits.CountEntry(What);

        int shared = SharedFolder(path);
        ReadOnlySpan<byte> suffix = path[shared..];
        EntryRecord record = new()
        {
            Kind = kind,
            Mode = (ushort)header.Mode,
            UserId = header.UserId,
            GroupId = header.GroupId,
            Seconds = header.ModifiedSeconds,
            Nanoseconds = header.ModifiedNanoseconds,
            Size = kind switch
            {
                FileKind.File => header.RealSize,
                FileKind.CharacterDevice or FileKind.BlockDevice => ((long)header.DeviceMajor << 32) | header.DeviceMinor,
                _ => 0,
            },
            DataOffset = header.DataOffset,
            SharedLength = (ushort)shared,
            Suffix = _bytes.Add(suffix),
            SuffixLength = (ushort)suffix.Length,
            Node = -1,
            HiddenBy = -1,
        };
        if (kind is not (FileKind.Whiteout or FileKind.OpaqueWhiteout)) AddExtra(header, kind, ref record);
        _limits.CountBytes(What, suffix.Length + record.ExtraLength);
        Remember(path);
        return _records.Add(record);
    }

    private void AddExtra(TarHeader header, FileKind kind, ref EntryRecord record)
    {
        ReadOnlyMemory<byte> link = kind is FileKind.SymbolicLink or FileKind.HardLink ? header.RawLink : default;
        EntryExtra.Pack(_extra, link.Span, header.Attributes, header.PlatformRecords, header.Segments, header.IsSparse);
        if (_extra.WrittenCount > ByteArena.MaximumLength) throw Refuse(header, $"its link, attributes and sparse map take more than {ByteArena.MaximumLength} bytes");
        record.Extra = _bytes.Add(_extra.WrittenSpan);
        record.ExtraLength = _extra.WrittenCount;
    }

    private FileKind KindOf(TarHeader header) => header.Kind switch
    {
        TarEntryKind.File => FileKind.File,
        TarEntryKind.Directory => FileKind.Directory,
        TarEntryKind.SymbolicLink => FileKind.SymbolicLink,
        TarEntryKind.HardLink => FileKind.HardLink,
        TarEntryKind.CharacterDevice => FileKind.CharacterDevice,
        TarEntryKind.BlockDevice => FileKind.BlockDevice,
        TarEntryKind.Fifo => FileKind.Fifo,
        _ => throw Refuse(header, $"its type flag 0x{header.TypeFlag:X2} is unknown, which some readers take for a file and others leave out"),
    };

    private FileKind WhiteoutKind(TarHeader header, ReadOnlySpan<byte> path, FileKind kind)
    {
        if (EntryPath.HasWhiteoutAbove(path)) throw Refuse(header, "it lies below the name of a whiteout");
        ReadOnlySpan<byte> name = EntryPath.NameOf(path);
        if (!name.StartsWith(EntryPath.WhiteoutPrefix)) return kind;
        if (name.SequenceEqual(EntryPath.OpaqueName)) kind = FileKind.OpaqueWhiteout;
        else if (name[EntryPath.WhiteoutPrefix.Length..] is [] or [(byte)'.'] or [(byte)'.', (byte)'.']) throw Refuse(header, "it is a whiteout of no name");
        else kind = FileKind.Whiteout;
        HasWhiteouts = true;
        return kind;
    }

    private ReadOnlySpan<byte> Clean(ReadOnlySpan<byte> raw)
    {
        if (_clean.Length < raw.Length) _clean = new byte[Math.Max(raw.Length, _clean.Length * 2)];
        if (!EntryPath.TryClean(raw, _clean, out int length)) throw Refuse(raw, "it has a segment '..', which could lead out of the root");
        if (length > _limits.PathLength)
            throw ErrorCatalogue.TooLarge.Error($"{What} has a path of {length} bytes, which begins with '{DisplayText.Excerpt(EntryPath.Show(raw[..100]))}'; {_limits.PathLength} are allowed.",
                recommendation: "Allow longer paths with -MaximumSize if you trust the image.");
        return _clean.AsSpan(0, length);
    }

    private static ReadOnlySpan<byte> BelowFiles(ReadOnlySpan<byte> path)
    {
        if (path.SequenceEqual("Files"u8)) return default;
        return path.StartsWith("Files/"u8) ? path["Files/"u8.Length..] : path;
    }

    // what the folder of this path shares with the path before, in whole segments, the slash included
    private int SharedFolder(ReadOnlySpan<byte> path)
    {
        int common = path.CommonPrefixLength(_last.AsSpan(0, _lastLength));
        if (common == path.Length && common > 0) common--;
        return Math.Min(ushort.MaxValue, path[..common].LastIndexOf((byte)'/') + 1);
    }

    private void Remember(ReadOnlySpan<byte> path)
    {
        if (_last.Length < path.Length) _last = new byte[Math.Max(path.Length, _last.Length * 2)];
        path.CopyTo(_last);
        _lastLength = path.Length;
    }

    private OciException Refuse(TarHeader header, string why) => Refuse(header.RawName.Span, why);

    private OciException Refuse(ReadOnlySpan<byte> name, string why) =>
        ErrorCatalogue.MalformedContent.Error($"{What}: the entry '{DisplayText.Excerpt(EntryPath.Show(name), 200)}' is refused: {why}.");

    /// <summary>The path of an entry.</summary>
    /// <param name="index">The index of the entry.</param>
    /// <param name="before">The path of the entry before; nothing before the first.</param>
    internal byte[] PathAt(int index, byte[] before)
    {
        ref EntryRecord record = ref _records[index];
        return [.. before.AsSpan(0, record.SharedLength), .. SuffixOf(record)];
    }

    /// <summary>Reads the paths of a layer from its first entry on.</summary>
    internal ref struct PathReader(LayerEntries entries)
    {
        private byte[] _path = new byte[256];
        private int _length;

        /// <summary>The path of the next entry; valid until the next call.</summary>
        internal ReadOnlySpan<byte> Next(in EntryRecord record)
        {
            ReadOnlySpan<byte> suffix = entries.SuffixOf(record);
            _length = record.SharedLength + suffix.Length;
            if (_path.Length < _length) Array.Resize(ref _path, Math.Max(_length, _path.Length * 2));
            suffix.CopyTo(_path.AsSpan(record.SharedLength));
            return _path.AsSpan(0, _length);
        }
    }
}
