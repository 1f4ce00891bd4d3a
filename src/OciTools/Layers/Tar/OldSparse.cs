namespace OciTools.Layers.Tar;

/// <summary>The sparse map of old GNU entries: 4 pieces in the header, 21 in each block behind it (GNU tar manual, Old GNU Format).</summary>
internal static class OldSparse
{
    private const int PieceSize = 24;

    /// <summary>The size of the whole file.</summary>
    internal static bool TryRealSize(ReadOnlySpan<byte> header, out long size) => TarBlock.TryNumber(header.Slice(483, 12), out size) && size >= 0;

    /// <summary>Takes the pieces of a header.</summary>
    /// <returns>Whether a block with more of them follows.</returns>
    internal static bool AddHeader(ReadOnlySpan<byte> header, SparseMap map, TarPlace place) => Add(header.Slice(386, 4 * PieceSize), header[482] != 0, map, place);

    /// <summary>Takes the pieces of a block behind the header.</summary>
    /// <returns>Whether another one follows.</returns>
    internal static bool AddExtension(ReadOnlySpan<byte> block, SparseMap map, TarPlace place) => Add(block[..(21 * PieceSize)], block[504] != 0, map, place);

    private static bool Add(ReadOnlySpan<byte> pieces, bool hasMore, SparseMap map, TarPlace place)
    {
        for (; !pieces.IsEmpty; pieces = pieces[PieceSize..])
        {
            if (pieces[12] == 0)
            {
                // the first empty piece ends the map for GNU tar, others look further
                if (hasMore || pieces.ContainsAnyExcept((byte)0)) throw place.Refuse("its sparse map goes on behind its end");
                return false;
            }

            if (!TarBlock.TryNumber(pieces[..12], out long offset) || !TarBlock.TryNumber(pieces.Slice(12, 12), out long length))
                throw place.Refuse("a number of its sparse map is none");
            map.Add(offset, length);
        }

        return hasMore;
    }
}
