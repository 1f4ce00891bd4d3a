namespace OciTools.Layers.Tar;

/// <summary>A stored piece of a sparse file; what no piece covers is zeros.</summary>
/// <param name="Offset">Where the piece stands in the file, in bytes.</param>
/// <param name="Length">Its bytes; never 0.</param>
internal readonly record struct SparseSegment(long Offset, long Length);
