using System.Security.Cryptography;
using System.Text.Json;

namespace OciTools.UnitTests.Stores;

/// <summary>Proves a layout with nothing of OciTools: all that the index names, and what that names, is there and has its digest.</summary>
internal static class LayoutProof
{
    /// <summary>What is wrong; null for nothing. A directory without a version file is no layout yet.</summary>
    internal static string? Check(Func<string, byte[]?> read, out IReadOnlyList<string> names)
    {
        List<string> found = [];
        names = found;
        if (read("oci-layout") is not { } version) return null;
        if (JsonDocument.Parse(version).RootElement.GetProperty("imageLayoutVersion").GetString() != "1.0.0") return "another version";
        if (read("index.json") is not { Length: > 0 } index) return "no index";
        foreach (JsonElement entry in JsonDocument.Parse(index).RootElement.GetProperty("manifests").EnumerateArray())
        {
            if (entry.TryGetProperty("annotations", out JsonElement annotations) && annotations.TryGetProperty("org.opencontainers.image.ref.name", out JsonElement name)) found.Add(name.GetString()!);
            if (CheckBlob(read, entry) is { } wrong) return wrong;
        }

        return null;
    }

    private static string? CheckBlob(Func<string, byte[]?> read, JsonElement descriptor)
    {
        string digest = descriptor.GetProperty("digest").GetString()!;
        if (read($"blobs/sha256/{digest[7..]}") is not { } bytes) return $"{digest} is not there";
        if ("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)) != digest) return $"{digest} holds {bytes.Length} other bytes";
        if (!descriptor.GetProperty("mediaType").GetString()!.Contains("manifest", StringComparison.Ordinal) && !descriptor.GetProperty("mediaType").GetString()!.Contains("index", StringComparison.Ordinal)) return null;
        JsonElement document = JsonDocument.Parse(bytes).RootElement;
        List<JsonElement> named = [];
        if (document.TryGetProperty("config", out JsonElement config)) named.Add(config);
        foreach (string list in new[] { "layers", "manifests" })
            if (document.TryGetProperty(list, out JsonElement items)) named.AddRange(items.EnumerateArray());
        foreach (JsonElement item in named)
            if (CheckBlob(read, item) is { } wrong) return wrong;
        return null;
    }
}
