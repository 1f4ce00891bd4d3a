using System.Text.Json;

namespace OciTools.Stores.Registry;

/// <summary>What a registry says of an error (distribution-spec, section Error Codes).</summary>
/// <param name="Text">Its codes and messages, to be shown.</param>
internal sealed record RegistryWords(string Text)
{
    private readonly List<string> _missing = [];

    /// <summary>Whether a manifest names a blob that the registry does not have.</summary>
    internal bool MissesBlob { get; private set; }

    /// <summary>The digests of such blobs, as far as it names them.</summary>
    internal IReadOnlyList<string> Missing => _missing;

    /// <summary>Whether it does not know an upload, or has got other bytes than it was to get.</summary>
    internal bool RefusesUpload { get; private set; }

    /// <summary>Whether a token server does not take the login, or does not take it any more (RFC 6749, section 5.2).</summary>
    internal bool RefusesLogin { get; init; }

    /// <summary>Takes in one entry of its <c>errors</c>.</summary>
    internal void Add(JsonElement error)
    {
        if (!error.TryGetProperty("code", out JsonElement code) || code.ValueKind != JsonValueKind.String) return;
        switch (code.GetString())
        {
            case "MANIFEST_BLOB_UNKNOWN":
                MissesBlob = true;
                if (error.TryGetProperty("detail", out JsonElement detail) && DigestOf(detail) is { } digest) _missing.Add(digest);
                break;
            case "BLOB_UPLOAD_INVALID" or "BLOB_UPLOAD_UNKNOWN" or "DIGEST_INVALID" or "SIZE_INVALID" or "RANGE_INVALID":
                RefusesUpload = true;
                break;
        }
    }

    private static string? DigestOf(JsonElement detail)
    {
        if (detail.ValueKind == JsonValueKind.Object && detail.TryGetProperty("digest", out JsonElement named)) detail = named;
        return detail.ValueKind == JsonValueKind.String && Digest.TryParse(detail.GetString()!, out Digest? digest) ? digest.ToString() : null;
    }
}
