using System.Text;

namespace OciTools.FileTrees;

/// <summary>The names of entries: cleaned to segments between single slashes, without one at the start or the end. The root is empty.</summary>
internal static class EntryPath
{
    internal static ReadOnlySpan<byte> WhiteoutPrefix => ".wh."u8;

    internal static ReadOnlySpan<byte> OpaqueName => ".wh..wh..opq"u8;

    private static ReadOnlySpan<byte> AufsPrefix => ".wh..wh."u8;

    /// <summary>Cleans a name as it stands in a tar.</summary>
    /// <param name="raw">The name.</param>
    /// <param name="clean">Takes the result; at least as long as the name.</param>
    /// <param name="length">The length of the result.</param>
    /// <returns>False if a segment is <c>..</c>.</returns>
    internal static bool TryClean(ReadOnlySpan<byte> raw, Span<byte> clean, out int length)
    {
        length = 0;
        while (!raw.IsEmpty)
        {
            ReadOnlySpan<byte> segment = NextSegment(ref raw);
            if (segment.IsEmpty || segment is [(byte)'.']) continue;
            if (segment is [(byte)'.', (byte)'.']) return false;
            if (length > 0) clean[length++] = (byte)'/';
            segment.CopyTo(clean[length..]);
            length += segment.Length;
        }

        return true;
    }

    /// <summary>Takes the text up to the next slash away from the front; it may be empty.</summary>
    internal static ReadOnlySpan<byte> NextSegment(ref ReadOnlySpan<byte> rest)
    {
        int slash = rest.IndexOf((byte)'/');
        ReadOnlySpan<byte> segment = slash < 0 ? rest : rest[..slash];
        rest = slash < 0 ? default : rest[(slash + 1)..];
        return segment;
    }

    /// <summary>The last segment.</summary>
    internal static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    /// <summary>All before the last segment.</summary>
    internal static ReadOnlySpan<byte> ParentOf(ReadOnlySpan<byte> path) => path[..Math.Max(0, path.LastIndexOf((byte)'/'))];

    /// <summary>Whether a path belongs to what the aufs driver of old engines kept for itself at the top of a layer.</summary>
    internal static bool IsAufsMetadata(ReadOnlySpan<byte> path) => path.StartsWith(AufsPrefix) && !path.SequenceEqual(OpaqueName);

    /// <summary>Whether a segment other than the last is the name of a whiteout.</summary>
    internal static bool HasWhiteoutAbove(ReadOnlySpan<byte> path)
    {
        ReadOnlySpan<byte> rest = ParentOf(path);
        while (!rest.IsEmpty)
            if (NextSegment(ref rest).StartsWith(WhiteoutPrefix)) return true;
        return false;
    }

    /// <summary>A path as text: what is not UTF-8, and a backslash before an <c>x</c>, is written as <c>\xNN</c>, so that no two paths look alike.</summary>
    internal static string Show(ReadOnlySpan<byte> path)
    {
        StringBuilder? text = null;
        int done = 0;
        int at = 0;
        while (at < path.Length)
        {
            int used = 1;
            bool isPlain = path[at] < 0x80
                ? path[at] != '\\' || at + 1 == path.Length || path[at + 1] != 'x'
                : Rune.DecodeFromUtf8(path[at..], out _, out used) == System.Buffers.OperationStatus.Done;
            if (!isPlain)
            {
                used = 1;
                text ??= new StringBuilder(path.Length + 16);
                text.Append(Encoding.UTF8.GetString(path[done..at])).Append($"\\x{path[at]:x2}");
                done = at + 1;
            }

            at += used;
        }

        return text is null ? Encoding.UTF8.GetString(path) : text.Append(Encoding.UTF8.GetString(path[done..])).ToString();
    }
}
