using System.Buffers.Text;
using System.Text;

namespace OciTools.Layers.Tar;

/// <summary>
/// Puts an entry together out of its header blocks: PAX and GNU metadata, the header, the extensions of an old sparse entry.
/// Where known readers would see different entries in the same bytes, it refuses.
/// </summary>
internal sealed class TarHeaderAssembler
{
    // the last offset that a block may start at, so that no later sum overflows
    private const long LastOffset = long.MaxValue - TarBlock.Size;

    private readonly string _what;
    private byte _metadataType;
    private byte[]? _pax;
    private byte[]? _longName;
    private byte[]? _longLink;
    private bool _sawZeroBlock;
    private TarHeader? _sparse;

    internal TarHeaderAssembler(string what) => _what = what;

    /// <summary>What the last block turned out to be part of.</summary>
    internal enum Step
    {
        /// <summary>More header blocks follow.</summary>
        More,

        /// <summary>Metadata of <see cref="MetadataSize"/> bytes follows, padded to blocks, for <see cref="AddMetadata"/>.</summary>
        Metadata,

        /// <summary><see cref="Header"/> is complete, and its data follows.</summary>
        Entry,

        /// <summary>The archive has ended.</summary>
        End,
    }

    /// <summary>The entry; null before the first.</summary>
    internal TarHeader? Header { get; private set; }

    /// <summary>The size of the metadata that follows, in bytes.</summary>
    internal int MetadataSize { get; private set; }

    /// <summary>Takes the next header block.</summary>
    /// <param name="block">512 bytes.</param>
    /// <param name="offset">Where they stand in the archive.</param>
    internal Step Add(ReadOnlySpan<byte> block, long offset)
    {
        if (_sparse is not null) return AddExtension(block, offset);
        if (!block.ContainsAnyExcept((byte)0)) return AddZeroBlock(offset);
        if (_sawZeroBlock) throw Malformed(offset, "a single block of zeros stands before it, where some readers stop and others go on");
        if (!TarBlock.HasRightChecksum(block)) throw Malformed(offset, "its checksum is wrong, so it is damaged or no tar header");
        if (!TarBlock.TrySize(block, out long size) || size < 0) throw Malformed(offset, "its size is negative or no number");

        byte type = TarBlock.TypeFlag(block);
        if (type is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K')
        {
            if (size > Limits.TarMetadata)
                throw BoundedReading.TooLarge($"{_what}: the metadata at byte {offset}", Limits.TarMetadata);
            _metadataType = type;
            MetadataSize = (int)size;
            return Step.Metadata;
        }

        return AddHeader(block, type, size, offset);
    }

    /// <summary>Takes the metadata that the last block announced, without its padding.</summary>
    internal void AddMetadata(ReadOnlySpan<byte> bytes, long offset)
    {
        switch (_metadataType)
        {
            case (byte)'x':
                Keep(ref _pax, bytes.ToArray(), offset);
                break;
            case (byte)'L':
                Keep(ref _longName, TarBlock.Text(bytes).ToArray(), offset);
                break;
            case (byte)'K':
                Keep(ref _longLink, TarBlock.Text(bytes).ToArray(), offset);
                break;
            default:
                CheckGlobal(bytes, offset);
                break;
        }
    }

    private void Keep(ref byte[]? place, byte[] value, long offset)
    {
        if (place is not null) throw Malformed(offset, "the same metadata was given for it twice");
        place = value;
    }

    // readers disagree on whether a global header counts; what it may say harmlessly is a comment or a time
    private void CheckGlobal(ReadOnlySpan<byte> bytes, long offset)
    {
        PaxRecords records = new(bytes, _what);
        while (records.MoveNext())
            if (records.Key.SequenceEqual("path"u8) || records.Key.SequenceEqual("linkpath"u8) || records.Key.SequenceEqual("size"u8) || IsSparseKey(records.Key))
                throw Malformed(offset, $"a global PAX header sets '{DisplayText.Excerpt(Encoding.UTF8.GetString(records.Key), 40)}', which some readers apply and others do not");
    }

    private Step AddZeroBlock(long offset)
    {
        if (_pax is not null || _longName is not null || _longLink is not null) throw Malformed(offset, "metadata stands before it and no entry");
        if (_sawZeroBlock) return Step.End;
        _sawZeroBlock = true;
        return Step.More;
    }

    private Step AddHeader(ReadOnlySpan<byte> block, byte type, long size, long offset)
    {
        ReadOnlyMemory<byte> name = _longName ?? TarBlock.Name(block);
        ReadOnlyMemory<byte> link = _longLink ?? TarBlock.Link(block).ToArray();
        bool isSparse = type == 'S';
        if (_pax is not null) ReadPax(_pax, ref name, ref link, ref size, ref isSparse, offset);
        if (name.IsEmpty) throw Malformed(offset, "it has no name");

        TarEntryKind kind = KindOf(type, name.Span, offset);
        if (kind == TarEntryKind.HardLink && _pax is null) size = 0; // some writers repeat the size of the target; nobody reads data for it
        if (size != 0 && kind is not (TarEntryKind.File or TarEntryKind.Other))
            throw Malformed(offset, $"a {kind} has a size of {size}, which some readers skip and others do not");
        if (offset > LastOffset || size > LastOffset - offset - TarBlock.Size) throw Malformed(offset, $"its size is {size}");

        Header = new TarHeader
        {
            Kind = kind,
            TypeFlag = type,
            RawName = name,
            RawLink = link,
            Size = size,
            DataOffset = offset + TarBlock.Size,
            IsSparse = isSparse,
            Pax = _pax,
        };
        _pax = _longName = _longLink = null;
        if (type != 'S' || block[482] == 0) return Step.Entry;
        _sparse = Header;
        return Step.More;
    }

    // old GNU sparse entries: blocks with 21 more pieces each, until one says that it is the last
    private Step AddExtension(ReadOnlySpan<byte> block, long offset)
    {
        if (block[504] != 0) return Step.More;
        if (_sparse!.Size > LastOffset - offset - TarBlock.Size) throw Malformed(offset, $"its size is {_sparse.Size}");
        Header = _sparse with { DataOffset = offset + TarBlock.Size };
        _sparse = null;
        return Step.Entry;
    }

    private void ReadPax(ReadOnlySpan<byte> pax, ref ReadOnlyMemory<byte> name, ref ReadOnlyMemory<byte> link, ref long size, ref bool isSparse, long offset)
    {
        PaxRecords records = new(pax, _what);
        while (records.MoveNext())
        {
            if (records.Key.SequenceEqual("path"u8)) name = PaxText(records.Value, name, _longName, offset);
            else if (records.Key.SequenceEqual("linkpath"u8)) link = PaxText(records.Value, link, _longLink, offset);
            else if (records.Key.SequenceEqual("size"u8) && !records.Value.IsEmpty) size = PaxSize(records.Value, offset);
            else if (IsSparseKey(records.Key)) isSparse = true;
        }
    }

    private byte[] PaxText(ReadOnlySpan<byte> value, ReadOnlyMemory<byte> other, byte[]? gnu, long offset)
    {
        if (value.IsEmpty) return other.ToArray();
        if (value.Contains((byte)0)) throw Malformed(offset, "a NUL stands in its PAX name");
        if (gnu is not null && !value.SequenceEqual(gnu)) throw Malformed(offset, "PAX and GNU metadata give it different names");
        return value.ToArray();
    }

    private long PaxSize(ReadOnlySpan<byte> value, long offset) =>
        value[0] is >= (byte)'0' and <= (byte)'9' && Utf8Parser.TryParse(value, out long size, out int used) && used == value.Length
            ? size
            : throw Malformed(offset, "its PAX size is no number");

    private TarEntryKind KindOf(byte type, ReadOnlySpan<byte> name, long offset) => type switch
    {
        // before there were directory entries, a slash at the end of the name said so
        0 or (byte)'0' or (byte)'7' => name[^1] == '/' ? TarEntryKind.Directory : TarEntryKind.File,
        (byte)'S' => TarEntryKind.File,
        (byte)'1' => TarEntryKind.HardLink,
        (byte)'2' => TarEntryKind.SymbolicLink,
        (byte)'3' => TarEntryKind.CharacterDevice,
        (byte)'4' => TarEntryKind.BlockDevice,
        (byte)'5' => TarEntryKind.Directory,
        (byte)'6' => TarEntryKind.Fifo,
        (byte)'X' or (byte)'N' or (byte)'M' => throw Malformed(offset, $"its type '{(char)type}' is metadata to some readers and a file to others"),
        _ => TarEntryKind.Other,
    };

    private static bool IsSparseKey(ReadOnlySpan<byte> key) => key.StartsWith("GNU.sparse."u8);

    private OciException Malformed(long offset, string why) =>
        ErrorCatalogue.MalformedContent.Error($"{_what}: the tar header at byte {offset} is refused: {why}.");
}
