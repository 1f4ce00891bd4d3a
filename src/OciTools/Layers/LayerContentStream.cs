using System.Security.Cryptography;
using OciTools.Layers.Tar;

namespace OciTools.Layers;

/// <summary>The uncompressed bytes of a layer. The last one is handed out only after the whole was proved.</summary>
internal sealed class LayerContentStream : TailHoldingStream
{
    private readonly Digest? _expected;
    private readonly IncrementalHash _hash;
    private readonly TarEndWatcher? _end;
    private readonly string _what;

    /// <param name="inner">The uncompressed bytes; closed with this stream.</param>
    /// <param name="expected">The diff id to prove; null for none.</param>
    /// <param name="mustEnd">Whether only the end mark of the tar shows that nothing is missing.</param>
    /// <param name="what">What the layer is and where it lies, for messages.</param>
    internal LayerContentStream(Stream inner, Digest? expected, bool mustEnd, string what) : base(inner, hold: 1)
    {
        _expected = expected;
        _hash = expected?.CreateHash() ?? IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _end = mustEnd ? new TarEndWatcher(what) : null;
        _what = what;
    }

    /// <summary>How many bytes came so far.</summary>
    internal long Count { get; private set; }

    /// <summary>The most bytes that may come; null for any number.</summary>
    internal long? MaximumSize { get; set; }

    /// <summary>The digest of all bytes; null before the end.</summary>
    internal Digest? DiffId { get; private set; }

    private protected override void Observe(ReadOnlySpan<byte> bytes)
    {
        Count += bytes.Length;
        if (Count > MaximumSize)
            throw ErrorCatalogue.TooLarge.Error($"{_what} has more than {MaximumSize} bytes of tar.", recommendation: "Allow its size with -MaximumSize if you trust it.");
        _hash.AppendData(bytes);
        _end?.Add(bytes);
    }

    private protected override int Finish(ReadOnlySpan<byte> held)
    {
        Span<byte> hash = stackalloc byte[64];
        int length = _hash.GetCurrentHash(hash);
        Digest actual = Digest.FromHash(_expected?.Algorithm ?? "sha256", hash[..length]);
        if (_expected is not null && actual != _expected)
            throw ErrorCatalogue.DigestMismatch.Mismatch($"{_what} has the diff id {actual} where {_expected} was asked for, after {Count} bytes of tar.", _expected.ToString(), actual.ToString());
        _end?.RequireEnd();
        DiffId = actual;
        return held.Length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _hash.Dispose();
        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        _hash.Dispose();
        await base.DisposeAsync().ConfigureAwait(false);
    }
}
