using OciTools.FileTrees;
using OciTools.Layers.Tar;

namespace OciTools.Operations.Files;

/// <summary>The content of one file out of a spool, the holes of a sparse one as zeros.</summary>
internal sealed class FileContentStream : ReadOnlyStream
{
    private readonly SpooledContents _spool;
    private readonly long _offset;
    private readonly IReadOnlyList<SparseSegment> _segments;
    private long _position;
    private int _segment;
    private long _stored;

    /// <param name="spool">The spool of the layer.</param>
    /// <param name="record">The entry of the file.</param>
    /// <param name="extra">What else it has: the segments of a sparse file.</param>
    internal FileContentStream(SpooledContents spool, in EntryRecord record, EntryExtra extra)
    {
        _spool = spool;
        _offset = record.DataOffset;
        Length = record.Size;
        _segments = extra.IsSparse ? extra.Segments : [new SparseSegment(0, record.Size)];
    }

    public override long Length { get; }

    public override int Read(Span<byte> buffer)
    {
        int wanted = (int)Math.Min(buffer.Length, Length - _position);
        if (wanted == 0) return 0;
        while (_segment < _segments.Count && _position >= _segments[_segment].Offset + _segments[_segment].Length) _segment++;
        if (_segment == _segments.Count || _position < _segments[_segment].Offset)
        {
            long hole = (_segment == _segments.Count ? Length : _segments[_segment].Offset) - _position;
            wanted = (int)Math.Min(wanted, hole);
            buffer[..wanted].Clear();
        }
        else
        {
            SparseSegment segment = _segments[_segment];
            wanted = (int)Math.Min(wanted, segment.Offset + segment.Length - _position);
            _spool.Read(_offset + _stored, buffer[..wanted]);
            _stored += wanted;
        }

        _position += wanted;
        return wanted;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }
}
