using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using OciTools.FileTrees.Expanding;

namespace OciTools.Operations.Files;

/// <summary>The file beside a directory that says that OciTools made it, out of which image, and which directory it was.</summary>
/// <param name="Image">The canonical name of the image.</param>
/// <param name="Digest">The digest of its manifest, or its image id where there is none.</param>
/// <param name="Created">When.</param>
/// <param name="Folder">What tells the directory from others (<see cref="LocalFolder.IdentityOf"/>).</param>
internal sealed record ExpansionMarker(string Image, string? Digest, DateTimeOffset Created, string Folder)
{
    /// <summary>The path of the file for a directory.</summary>
    internal static string PathFor(string folder) => Path.Join(Path.GetDirectoryName(folder), $".{Path.GetFileName(folder)}.ocitools.json");

    internal byte[] GetBytes()
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("madeBy", "OciTools Expand-Image");
            writer.WriteString("image", Image);
            writer.WriteString("digest", Digest);
            writer.WriteString("created", Created);
            writer.WriteString("folder", Folder);
            writer.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    /// <summary>Reads the file; null if there is none that can be relied on.</summary>
    /// <param name="folder">The path of the directory.</param>
    internal static ExpansionMarker? Read(string folder)
    {
        string path = PathFor(folder);
        try
        {
            // a link or a pipe could have been put there by anybody, and so could a file of somebody else
            FileInfo file = new(path);
            if (!file.Exists || file.LinkTarget is not null || file.Length is 0 or > Limits.ExpansionMarker) return null;
            using SafeFileHandle handle = File.OpenHandle(path);
            if (!LocalFolder.IsOwn(handle)) return null;
            byte[] bytes = new byte[file.Length];
            if (RandomAccess.Read(handle, bytes, 0) < bytes.Length) return null;
            using JsonDocument document = JsonFields.ParseJson(bytes, "marker");
            JsonElement root = document.RootElement;
            return root.GetProperty("image").GetString() is { } image && root.GetProperty("folder").GetString() is { } identity
                ? new ExpansionMarker(image, root.GetProperty("digest").GetString(), root.GetProperty("created").GetDateTimeOffset(), identity)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OciException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The image and the time in words.</summary>
    internal string Describe() => $"{DisplayText.Excerpt(Image)}, {Created.LocalDateTime.ToString("g", CultureInfo.CurrentCulture)}";
}
