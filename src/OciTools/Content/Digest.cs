using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OciTools;

/// <summary>
/// The digest of some content (OCI image-spec, descriptor.md, section Digests): sha256, sha384 or sha512 with exact lower-case hex.
/// Nothing else ever becomes one; it is made by parsing or by hashing only.
/// </summary>
public sealed class Digest : IEquatable<Digest>, IComparable<Digest>, IComparable
{
    private static readonly SearchValues<char> s_lowerHex = SearchValues.Create("0123456789abcdef");

    private readonly string _text;

    private Digest(string text) => _text = text;

    /// <summary><c>sha256</c>, <c>sha384</c> or <c>sha512</c>.</summary>
    public string Algorithm => _text[..6];

    /// <summary>The hash in lower-case hexadecimal digits: 64, 96 or 128 of them.</summary>
    public string Hex => _text[7..];

    /// <summary>Parses a digest.</summary>
    /// <param name="text">Such as <c>sha256:e3b0c442…</c>.</param>
    /// <exception cref="MalformedException">The text is anything else (<c>InvalidDigest</c>).</exception>
    public static Digest Parse(string text) => TryParse(text, out Digest? digest)
        ? digest
        : throw ErrorCatalogue.InvalidDigest.Error(
            $"'{DisplayText.Excerpt(text, 150)}' is not a digest: it must be sha256, sha384 or sha512, a colon, and 64, 96 or 128 lower-case hexadecimal digits.");

    /// <summary>Parses a digest without throwing.</summary>
    /// <param name="text">The text to parse.</param>
    /// <param name="digest">The digest, or null.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Digest? digest)
    {
        digest = null;
        if (text is null || text.Length < 7 || text[6] != ':') return false;
        int length = HexLength(text.AsSpan(0, 6));
        if (length == 0 || text.Length != 7 + length) return false;
        if (text.AsSpan(7).ContainsAnyExcept(s_lowerHex)) return false;
        digest = new Digest(text);
        return true;
    }

    /// <summary>Hashes bytes.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="algorithm"><c>sha256</c>, <c>sha384</c> or <c>sha512</c>.</param>
    public static Digest Compute(ReadOnlySpan<byte> content, string algorithm = "sha256")
    {
        Span<byte> hash = stackalloc byte[64];
        int length = CryptographicOperations.HashData(HashName(algorithm), content, hash);
        return FromHash(algorithm, hash[..length]);
    }

    /// <summary>Whether the bytes have this digest, by its own algorithm.</summary>
    /// <param name="content">The bytes.</param>
    public bool Matches(ReadOnlySpan<byte> content) => Equals(Compute(content, Algorithm));

    /// <summary>A running hash of this digest's algorithm.</summary>
    internal IncrementalHash CreateHash() => IncrementalHash.CreateHash(HashName(Algorithm));

    internal static Digest FromHash(string algorithm, ReadOnlySpan<byte> hash) =>
        new(string.Concat(algorithm, ":", Convert.ToHexStringLower(hash)));

    internal static HashAlgorithmName HashName(string algorithm) => algorithm switch
    {
        "sha256" => HashAlgorithmName.SHA256,
        "sha384" => HashAlgorithmName.SHA384,
        "sha512" => HashAlgorithmName.SHA512,
        _ => throw ErrorCatalogue.InvalidDigest.Error($"'{DisplayText.Excerpt(algorithm, 40)}' is not one of sha256, sha384 and sha512."),
    };

    /// <summary>The canonical text.</summary>
    public override string ToString() => _text;

    /// <inheritdoc/>
    public bool Equals(Digest? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public int CompareTo(Digest? other) => string.CompareOrdinal(_text, other?._text);

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        Digest other => CompareTo(other),
        string text => string.CompareOrdinal(_text, text),
        _ => throw new ArgumentException("A digest compares with a digest or its text.", nameof(obj)),
    };

    /// <summary>Value equality.</summary>
    public static bool operator ==(Digest? left, Digest? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Value inequality.</summary>
    public static bool operator !=(Digest? left, Digest? right) => !(left == right);

    /// <summary>Ordinal order of the text.</summary>
    public static bool operator <(Digest? left, Digest? right) => string.CompareOrdinal(left?._text, right?._text) < 0;

    /// <summary>Ordinal order of the text.</summary>
    public static bool operator >(Digest? left, Digest? right) => string.CompareOrdinal(left?._text, right?._text) > 0;

    /// <summary>Ordinal order of the text.</summary>
    public static bool operator <=(Digest? left, Digest? right) => !(left > right);

    /// <summary>Ordinal order of the text.</summary>
    public static bool operator >=(Digest? left, Digest? right) => !(left < right);

    private static int HexLength(ReadOnlySpan<char> algorithm) => algorithm switch
    {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => 0,
    };
}
