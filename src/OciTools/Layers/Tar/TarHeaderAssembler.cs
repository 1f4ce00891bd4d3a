namespace OciTools.Layers.Tar;

/// <summary>
/// Puts an entry together out of its header blocks: PAX and GNU metadata, the header, the map of a sparse file.
/// Where known readers would see different entries in the same bytes, it refuses.
/// </summary>
internal sealed class TarHeaderAssembler
{
    // the last offset that a block may start at, so that no later sum overflows
    private const long LastOffset = long.MaxValue - TarBlock.Size;

    private readonly TarPlace _place;
    private readonly SparseMap _map;
    private readonly SparseMapText _mapText;
    private readonly PaxFields _pax;
    private readonly PaxGlobals _globals;
    private byte _metadataType;
    private int _metadataCount;
    private int _nameSize;
    private bool _hasPax;
    private byte[]? _longName;
    private byte[]? _longLink;
    private bool _sawZeroBlock;
    private bool _sawPax;
    private TarHeader? _sparse;
    private ReadOnlyMemory<byte> _userName;
    private ReadOnlyMemory<byte> _groupName;

    internal TarHeaderAssembler(TarPlace place)
    {
        _place = place;
        _map = new SparseMap(place);
        _mapText = new SparseMapText(_map, place);
        _pax = new PaxFields(_map, place);
        _globals = new PaxGlobals(_map, place);
    }

    /// <summary>What the last block turned out to be part of.</summary>
    internal enum Step
    {
        /// <summary>More header blocks follow.</summary>
        More,

        /// <summary>Metadata of <see cref="MetadataSize"/> bytes follows for <see cref="AddMetadata"/>, and what pads it to blocks.</summary>
        Metadata,

        /// <summary><see cref="Header"/> is complete, and its data follows.</summary>
        Entry,

        /// <summary>The archive has ended.</summary>
        End,
    }

    /// <summary>The entry; null before the first.</summary>
    internal TarHeader? Header { get; private set; }

    /// <summary>The size of the metadata that follows, in bytes; of a GNU long name with its padding, where GNU tar reads on.</summary>
    internal int MetadataSize { get; private set; }

    /// <summary>Whether what came last waits for more: metadata for its header, a sparse file for the rest of its map.</summary>
    internal bool IsInEntry => HasMetadata || _sparse is not null;

    /// <summary>Takes the next header block.</summary>
    /// <param name="block">512 bytes.</param>
    /// <param name="offset">Where they stand in the archive.</param>
    internal Step Add(ReadOnlySpan<byte> block, long offset)
    {
        if (_sparse is not null) return AddMapBlock(block, offset);
        _place.Offset = offset;
        if (!block.ContainsAnyExcept((byte)0)) return AddZeroBlock();
        if (_sawZeroBlock) throw _place.Refuse("a single block of zeros stands before it, where some readers stop and others go on");
        if (!TarBlock.HasRightChecksum(block)) throw _place.Refuse("its checksum is wrong, so it is damaged or no tar header");
        if (!TarBlock.TrySize(block, out long size)) throw _place.Refuse("its size is negative or no number");

        byte type = TarBlock.TypeFlag(block);
        if (type is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K')
        {
            if (size > Limits.TarMetadata) throw BoundedReading.TooLarge($"{_place.What}: the metadata at byte {offset}", Limits.TarMetadata);
            if (++_metadataCount > Limits.TarMetadataEntries) throw _place.Refuse($"more than {Limits.TarMetadataEntries} blocks of metadata stand before one entry");
            _metadataType = type;
            _nameSize = (int)size;
            MetadataSize = type is (byte)'L' or (byte)'K' ? (int)TarBlock.Pad(size) : (int)size;
            return Step.Metadata;
        }

        _metadataCount = 0;
        return AddHeader(block, type, size, offset);
    }

    /// <summary>Takes the metadata that the last block announced, <see cref="MetadataSize"/> bytes of it.</summary>
    internal void AddMetadata(ReadOnlySpan<byte> bytes)
    {
        switch (_metadataType)
        {
            case (byte)'x':
                if (_hasPax) throw _place.Refuse("two PAX headers stand before one entry");
                _pax.ReadLocal(bytes);
                _hasPax = _sawPax = true;
                break;
            case (byte)'L':
                Keep(ref _longName, bytes);
                break;
            case (byte)'K':
                Keep(ref _longLink, bytes);
                break;
            default:
                if (HasMetadata) throw _place.Refuse("a global PAX header stands between an entry and its own metadata");
                _globals.Read(bytes);
                _sawPax = true;
                break;
        }
    }

    private bool HasMetadata => _hasPax || _longName is not null || _longLink is not null;

    private void Keep(ref byte[]? text, ReadOnlySpan<byte> bytes)
    {
        if (text is not null) throw _place.Refuse("the same metadata was given for it twice");
        ReadOnlySpan<byte> name = TarBlock.Text(bytes);
        if (name.Length > _nameSize) throw _place.Refuse("its long name goes on behind the size that is stated for it, which some readers read and others do not");
        text = name.ToArray();
    }

    private Step AddZeroBlock()
    {
        if (HasMetadata) throw _place.Refuse("metadata stands before it and no entry");
        if (_sawZeroBlock) return Step.End;
        _sawZeroBlock = true;
        return Step.More;
    }

    private Step AddHeader(ReadOnlySpan<byte> block, byte type, long size, long offset)
    {
        if (!_hasPax) _pax.Clear();
        byte[] name = _pax.Sparse.Name ?? Agree(_pax.Path, _longName) ?? TarBlock.Name(block);
        if (name.Length == 0) throw _place.Refuse("it has no name");
        TarEntryKind kind = KindOf(type, name);
        size = SizeOf(kind, size);
        if (offset > LastOffset || size > LastOffset - offset - TarBlock.Size) throw _place.Refuse($"its size is {size}");
        if (_pax.StarRealSize is { } realSize && realSize != (_pax.Sparse.RealSize ?? size)) throw _place.Refuse("it is a sparse file of star");

        Header = Build(block, kind, name, size, offset);
        bool isSparse = _pax.Sparse.IsPresent;
        _hasPax = false;
        _longName = _longLink = null;
        return type == 'S' ? StartOldSparse(block) : isSparse ? StartPaxSparse(block) : Step.Entry;
    }

    private TarHeader Build(ReadOnlySpan<byte> block, TarEntryKind kind, byte[] name, long size, long offset)
    {
        if (!TarBlock.TryMode(block, out int mode)) throw _place.Refuse("its mode is no number");
        if (!TarBlock.TryUserId(block, out uint userId)) throw _place.Refuse("its user id is no number, negative or beyond 32 bits");
        if (!TarBlock.TryGroupId(block, out uint groupId)) throw _place.Refuse("its group id is no number, negative or beyond 32 bits");
        if (!TarBlock.TryModified(block, out long seconds)) throw _place.Refuse("its time is no number");
        (long Seconds, int Nanoseconds) modified = _pax.Modified ?? _globals.Fields.Modified ?? (seconds, 0);
        ReadOnlySpan<byte> link = kind is TarEntryKind.HardLink or TarEntryKind.SymbolicLink ? Agree(_pax.Link, _longLink) ?? TarBlock.Link(block) : [];
        if (link.IsEmpty && kind is (TarEntryKind.HardLink or TarEntryKind.SymbolicLink)) throw _place.Refuse("it is a link without a target");
        (uint major, uint minor) = kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice ? Device(block) : (0, 0);
        return new TarHeader
        {
            Kind = kind,
            TypeFlag = TarBlock.TypeFlag(block),
            RawName = name,
            RawLink = link.ToArray(),
            Mode = mode,
            UserId = _pax.UserId ?? _globals.Fields.UserId ?? userId,
            GroupId = _pax.GroupId ?? _globals.Fields.GroupId ?? groupId,
            RawUserName = Share(ref _userName, _pax.UserName ?? _globals.Fields.UserName ?? TarBlock.UserName(block)),
            RawGroupName = Share(ref _groupName, _pax.GroupName ?? _globals.Fields.GroupName ?? TarBlock.GroupName(block)),
            ModifiedSeconds = modified.Seconds,
            ModifiedNanoseconds = modified.Nanoseconds,
            DeviceMajor = major,
            DeviceMinor = minor,
            Size = size,
            DataOffset = offset + TarBlock.Size,
            Attributes = _hasPax ? _pax.Attributes : [],
            PlatformRecords = _hasPax ? _pax.PlatformRecords : [],
        };
    }

    // owners repeat from entry to entry
    private static ReadOnlyMemory<byte> Share(ref ReadOnlyMemory<byte> last, ReadOnlySpan<byte> name)
    {
        if (!name.SequenceEqual(last.Span)) last = name.ToArray();
        return last;
    }

    private byte[]? Agree(byte[]? pax, byte[]? gnu)
    {
        if (pax is not null && gnu is not null && !pax.AsSpan().SequenceEqual(gnu)) throw _place.Refuse("PAX and GNU metadata give it different names");
        return pax ?? gnu;
    }

    private long SizeOf(TarEntryKind kind, long size)
    {
        // some writers repeat the size of the target; nobody reads data for it, but where PAX is spoken, it may be there
        if (kind == TarEntryKind.HardLink && !_sawPax) size = 0;
        if (kind is not (TarEntryKind.File or TarEntryKind.Other) && (size != 0 || _pax.Size > 0))
            throw _place.Refuse($"a {kind} has a size of {_pax.Size ?? size}, which some readers skip and others do not");
        return _pax.Size ?? size;
    }

    private (uint Major, uint Minor) Device(ReadOnlySpan<byte> block)
    {
        if (!TarBlock.TryDevice(block, out uint major, out uint minor)) throw _place.Refuse("the numbers of its device are none, negative or beyond 32 bits");
        if ((_pax.DeviceMajor ?? major) != major || (_pax.DeviceMinor ?? minor) != minor) throw _place.Refuse("its PAX header names another device");
        return (major, minor);
    }

    private TarEntryKind KindOf(byte type, ReadOnlySpan<byte> name) => type switch
    {
        // before there were directory entries, a slash at the end of the name said so
        0 or (byte)'0' => name[^1] == '/' ? TarEntryKind.Directory : TarEntryKind.File,
        (byte)'7' or (byte)'S' => name[^1] == '/' ? throw _place.Refuse("it is a file with the name of a directory") : TarEntryKind.File,
        (byte)'1' => TarEntryKind.HardLink,
        (byte)'2' => TarEntryKind.SymbolicLink,
        (byte)'3' => TarEntryKind.CharacterDevice,
        (byte)'4' => TarEntryKind.BlockDevice,
        (byte)'5' => TarEntryKind.Directory,
        (byte)'6' => TarEntryKind.Fifo,
        (byte)'X' or (byte)'N' or (byte)'M' or (byte)'D' or (byte)'V' => throw _place.Refuse($"its type '{(char)type}' is metadata to some readers and a file to others"),
        _ => TarEntryKind.Other,
    };

    private Step StartOldSparse(ReadOnlySpan<byte> block)
    {
        if (_pax.Sparse.IsPresent || !TarBlock.IsOldGnu(block)) throw _place.Refuse("it is a sparse file in two forms, or in one that GNU tar does not know");
        if (!OldSparse.TryRealSize(block, out long realSize)) throw _place.Refuse("the size of its sparse file is negative or no number");
        _map.Clear();
        Header = Header! with { IsSparse = true, RealSize = realSize };
        if (!OldSparse.AddHeader(block, _map, _place)) return EndSparse(Header);
        _sparse = Header;
        return Step.More;
    }

    private Step StartPaxSparse(ReadOnlySpan<byte> block)
    {
        _pax.Sparse.RequireWhole();
        if (Header!.Kind != TarEntryKind.File || !TarBlock.IsUstar(block) || TarBlock.IsStar(block))
            throw _place.Refuse("its PAX header describes a sparse file and its header does not");
        Header = Header with { IsSparse = true, RealSize = _pax.Sparse.RealSize!.Value };
        if (!_pax.Sparse.HasMapInContent) return EndSparse(Header);
        if (Header.Size == 0) throw _place.Refuse("its sparse map is missing");
        _mapText.Clear();
        _sparse = Header;
        return Step.More;
    }

    private Step AddMapBlock(ReadOnlySpan<byte> block, long offset)
    {
        bool isInContent = _sparse!.TypeFlag != 'S';
        long size = isInContent ? _sparse.Size - TarBlock.Size : _sparse.Size;
        if (size < 0 || size > LastOffset - offset - TarBlock.Size) throw _place.Refuse("its sparse map is longer than what is stored");
        bool hasMore = isInContent ? _mapText.Add(block) : OldSparse.AddExtension(block, _map, _place);
        _sparse = _sparse with { Size = size, DataOffset = offset + TarBlock.Size };
        if (hasMore) return Step.More;
        TarHeader header = _sparse;
        _sparse = null;
        return EndSparse(header);
    }

    private Step EndSparse(TarHeader header)
    {
        Header = header with { Segments = _map.Finish(header.RealSize, header.Size) };
        return Step.Entry;
    }
}
