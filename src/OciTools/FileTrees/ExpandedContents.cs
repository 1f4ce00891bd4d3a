using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>Takes the contents of files with the holes of sparse ones in their places.</summary>
internal abstract class ExpandedContents : IFileContents
{
    private IReadOnlyList<SparseSegment> _segments = [];
    private bool _isSparse;
    private long _size;
    private long _position;
    private int _segment;
    private long _inSegment;

    /// <summary>A file begins.</summary>
    /// <returns>Whether its content is wanted.</returns>
    private protected abstract bool BeginFile(int index, TarHeader header);

    /// <summary>Some of its content; what lies between the last piece and this one is zeros.</summary>
    private protected abstract void WriteAt(long offset, ReadOnlySpan<byte> data);

    /// <summary>The file ends; up to its size the rest is zeros.</summary>
    private protected abstract void EndFile(long size);

    /// <inheritdoc/>
    public bool Begin(int index, TarHeader header)
    {
        (_segments, _isSparse, _size) = (header.Segments, header.IsSparse, header.RealSize);
        _position = _inSegment = _segment = 0;
        return BeginFile(index, header);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (!_isSparse)
        {
            WriteAt(_position, data);
            _position += data.Length;
            return;
        }

        while (!data.IsEmpty)
        {
            while (_inSegment == _segments[_segment].Length)
            {
                _segment++;
                _inSegment = 0;
            }

            SparseSegment segment = _segments[_segment];
            int count = (int)Math.Min(data.Length, segment.Length - _inSegment);
            WriteAt(segment.Offset + _inSegment, data[..count]);
            _inSegment += count;
            data = data[count..];
        }
    }

    /// <inheritdoc/>
    public void End() => EndFile(_size);

    /// <inheritdoc/>
    public virtual void Finish() { }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
