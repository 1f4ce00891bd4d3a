using System.Collections.Frozen;
using System.Text.Json;

namespace OciTools;

/// <summary>Points at content: media type, digest and size (OCI image-spec, descriptor.md).</summary>
public sealed class Descriptor
{
    private static readonly FrozenSet<string> s_keys = FrozenSet.Create(StringComparer.Ordinal,
        "mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform");

    private static readonly FrozenSet<string> s_platformKeys = FrozenSet.Create(StringComparer.Ordinal,
        "architecture", "os", "os.version", "os.features", "variant", "features");

    private readonly Digest _digest;
    private readonly Platform? _platform;
    private readonly byte[]? _data;

    internal Descriptor(string mediaType, Digest digest, long size, Platform? platform = null, string? artifactType = null,
        IReadOnlyDictionary<string, string>? annotations = null, IReadOnlyList<string>? urls = null, byte[]? data = null)
    {
        MediaType = mediaType;
        _digest = digest;
        Size = size;
        _platform = platform;
        ArtifactType = artifactType;
        Annotations = annotations ?? FrozenDictionary<string, string>.Empty;
        Urls = urls ?? [];
        _data = data;
    }

    /// <summary>The media type of the content.</summary>
    public string MediaType { get; }

    /// <summary>The digest of the content, in canonical form.</summary>
    public string Digest => _digest.ToString();

    /// <summary>The size of the content in bytes; -1 where the place that named it did not say.</summary>
    public long Size { get; }

    /// <summary>The platform that the entry of an index states; null for none.</summary>
    public string? Platform => _platform?.ToString();

    /// <summary>The type of the artifact behind the descriptor; null for none.</summary>
    public string? ArtifactType { get; }

    /// <summary>Annotations; empty for none.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; }

    /// <summary>Other places that the content may be fetched from. OciTools does not follow them.</summary>
    public IReadOnlyList<string> Urls { get; }

    /// <summary>The digest as a typed identity.</summary>
    public Digest GetDigest() => _digest;

    /// <summary>The platform as a typed identity; null for none.</summary>
    public Platform? GetPlatform() => _platform;

    /// <summary>The content embedded in the descriptor, already checked against size and digest; null for none.</summary>
    public byte[]? GetData() => (byte[]?)_data?.Clone();

    /// <summary>The digest.</summary>
    public override string ToString() => Digest;

    internal bool IsAttestation => Annotations.TryGetValue("vnd.docker.reference.type", out _) || _platform is { IsUnknown: true };

    internal static Descriptor Read(JsonElement element, string path)
    {
        JsonFields fields = JsonFields.Object(element, path, s_keys);
        string mediaType = fields.RequiredString("mediaType");
        if (!IsMediaType(mediaType))
            throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf("mediaType")} is not a media type: '{DisplayText.Excerpt(mediaType, 80)}'.");
        string digestText = fields.RequiredString("digest");
        if (!OciTools.Digest.TryParse(digestText, out Digest? digest))
            throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf("digest")} is not a sha256, sha384 or sha512 digest: '{DisplayText.Excerpt(digestText, 80)}'.");
        long size = fields.Int64("size") ?? throw fields.Missing("size");
        if (size < 0) throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf("size")} is negative: {size}.");
        if (size > Limits.Blob) throw ErrorCatalogue.MalformedDocument.Error($"The {fields.PathOf("size")} is larger than any content can be: {size}.");

        byte[]? data = fields.String("data") is { } text ? Decode(text, digest, size, fields.PathOf("data")) : null;
        return new Descriptor(mediaType, digest, size, ReadPlatform(fields), fields.String("artifactType") is { Length: > 0 } type ? type : null,
            ReadAnnotations(fields), fields.Strings("urls"), data);
    }

    internal static Dictionary<string, string>? ReadAnnotations(JsonFields fields)
    {
        Dictionary<string, string>? annotations = null;
        foreach ((string key, JsonElement value) in fields.Members("annotations"))
            (annotations ??= new(StringComparer.Ordinal))[key] = JsonFields.Text(value, fields.PathOf("annotations"));
        return annotations;
    }

    private static Platform? ReadPlatform(JsonFields fields)
    {
        if (fields.Object("platform", s_platformKeys) is not { } platform) return null;
        string? os = platform.String("os");
        string? architecture = platform.String("architecture");
        string? variant = platform.String("variant");
        string? version = platform.String("os.version");
        List<string>? features = platform.Strings("os.features");

        // some writers put an empty object where there is nothing to say
        return string.IsNullOrEmpty(os) && string.IsNullOrEmpty(architecture)
            ? null
            : OciTools.Platform.FromDocument(os, architecture, variant, version, features);
    }

    private static byte[] Decode(string text, Digest digest, long size, string path)
    {
        byte[] data;
        try
        {
            data = Convert.FromBase64String(text);
        }
        catch (FormatException e)
        {
            throw ErrorCatalogue.MalformedDocument.Error($"The {path} is not base64.", e);
        }

        if (data.LongLength != size || !digest.Matches(data))
            throw ErrorCatalogue.DigestMismatch.Error($"The {path} does not have the size and digest that its descriptor states ({digest}).");
        return data;
    }

    // type "/" subtype, each a restricted-name of RFC 6838 section 4.2
    private static bool IsMediaType(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && IsRestrictedName(text.AsSpan(0, slash)) && IsRestrictedName(text.AsSpan(slash + 1));
    }

    private static bool IsRestrictedName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > 127 || !char.IsAsciiLetterOrDigit(name[0])) return false;
        foreach (char c in name)
            if (!char.IsAsciiLetterOrDigit(c) && !"!#$&-^_.+".Contains(c, StringComparison.Ordinal)) return false;
        return true;
    }
}
