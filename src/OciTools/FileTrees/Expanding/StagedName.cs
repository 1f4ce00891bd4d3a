using System.Text;

namespace OciTools.FileTrees.Expanding;

/// <summary>The name that something has before it gets its place: the layer and the index of its entry there.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Index">The index of the entry.</param>
internal readonly record struct StagedName(int Layer, int Index)
{
    /// <summary>Room for any of them, the zero at the end included.</summary>
    internal const int MaximumLength = 24;

    /// <summary>The name with a zero at its end.</summary>
    internal ReadOnlySpan<byte> Write(Span<byte> buffer)
    {
        bool fits = System.Text.Unicode.Utf8.TryWrite(buffer, System.Globalization.CultureInfo.InvariantCulture, $"{Layer}-{Index}\0", out int written);
        return fits ? buffer[..written] : throw new ArgumentException("The buffer is too small.", nameof(buffer));
    }

    public override string ToString()
    {
        Span<byte> buffer = stackalloc byte[MaximumLength];
        return Encoding.ASCII.GetString(Write(buffer)[..^1]);
    }
}
