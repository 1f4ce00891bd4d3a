using System.Text;

namespace OciTools.UnitTests.Support;

/// <summary>An image in a layout, to be copied to a real registry, and what must be there then.</summary>
internal sealed class LayoutImage
{
    private readonly TestLayout _layout;
    private readonly string _manifest;
    private readonly Digest[] _blobs;

    /// <param name="folder">Gets the layout, once.</param>
    /// <param name="note">Makes its config, and so its manifest, another one than those with other notes.</param>
    /// <param name="layers">The layers.</param>
    internal LayoutImage(TempFolder folder, string note, IEnumerable<byte[]> layers)
    {
        _layout = new TestLayout(folder.Path + "/layout");
        Digest config = _layout.AddConfig(note);
        Digest[] blobs = [.. layers.Select(layer => _layout.AddBlob(layer))];
        _manifest = _layout.Manifest(config, blobs);
        _blobs = [config, .. blobs];
        Manifest = _layout.AddBlob(_manifest);
        _layout.AddEntry(Manifest, MediaTypes.OciManifest, "x");
    }

    internal string Name => $"oci:{_layout.Path}:x";

    internal Digest Manifest { get; }

    /// <summary>What of the image a registry does not serve byte for byte under the tag x; null for nothing.</summary>
    internal async Task<string?> MissingAsync(RealRegistry registry, string repository)
    {
        if (!await registry.ServesAsync($"/v2/{repository}/manifests/x", Encoding.UTF8.GetBytes(_manifest))) return "the manifest is not there, or another one";
        foreach (Digest blob in _blobs)
        {
            byte[] bytes = await File.ReadAllBytesAsync(_layout.PathOf(blob), TestContext.Current.CancellationToken);
            if (!await registry.ServesAsync($"/v2/{repository}/blobs/{blob}", bytes)) return $"the blob {blob} is not there, or another one";
        }

        return null;
    }
}
