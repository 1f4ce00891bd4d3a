using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace OciTools;

/// <summary>
/// Where an image lies: a transport and a name in it. The path of a layout or archive ends at the first colon that is not a Windows
/// drive's; all after it is the ref name. A colon that belongs to the path is written twice (<c>oci:/srv/a::b:tag</c> is the ref name
/// <c>tag</c> in <c>/srv/a:b</c>), which no ref name can mean, since none starts with a colon. It is made by parsing only.
/// </summary>
public sealed class ImageLocation : IEquatable<ImageLocation>
{
    private static readonly (string Prefix, ImageTransport Transport)[] s_transports =
    [
        ("docker://", ImageTransport.Registry),
        ("docker-daemon:", ImageTransport.DockerDaemon),
        ("oci:", ImageTransport.Oci),
        ("oci-archive:", ImageTransport.OciArchive),
        ("docker-archive:", ImageTransport.DockerArchive),
    ];

    // transports of other tools that OciTools does not read; said so instead of taking them for a repository
    private static readonly string[] s_foreignTransports =
        ["containers-storage:", "dir:", "ostree:", "sif:", "tarball:", "docker-tarfile:", "http://", "https://", "ocidir://", "podman://", "oci-layout://"];

    private readonly string? _engineName;

    private ImageLocation(ImageTransport transport, ImageReference? reference = null, string? engineName = null,
        string? path = null, string? refName = null, Digest? digest = null, int? position = null)
    {
        Transport = transport;
        Reference = reference;
        _engineName = engineName;
        Path = path;
        RefName = refName;
        Digest = digest;
        Position = position;
    }

    /// <summary>The kind of place.</summary>
    public ImageTransport Transport { get; }

    /// <summary>The name in a registry or engine; null elsewhere, and for an engine's image id.</summary>
    public ImageReference? Reference { get; }

    /// <summary>The path of a layout or archive as it was written; null elsewhere.</summary>
    public string? Path { get; }

    /// <summary>The ref name in a layout or archive; null for none.</summary>
    public string? RefName { get; }

    /// <summary>The digest in a layout or archive, or the image id in an engine; null for none.</summary>
    public Digest? Digest { get; }

    /// <summary>The position in a layout or archive, from 0; null for none.</summary>
    public int? Position { get; }

    /// <summary>The local engine itself, for listing.</summary>
    public static ImageLocation Engine { get; } = new(ImageTransport.DockerDaemon, engineName: "");

    /// <summary>What the engine is asked for: the name with its tag, or the image id.</summary>
    internal string EngineName => _engineName ?? throw new InvalidOperationException("Only an engine's image has an engine name.");

    /// <summary>Parses the name of an image in any place.</summary>
    /// <param name="text">A reference, <c>transport:name</c>, or a path.</param>
    /// <exception cref="MalformedException">The text is none of these (<c>InvalidImageName</c>, or <c>InvalidDigest</c> for a digest in it).</exception>
    public static ImageLocation Parse(string text)
    {
        if (string.IsNullOrEmpty(text)) throw Bad(text, "it is empty");
        if (HasControl(text)) throw Bad(text, "it holds a control character");

        foreach ((string prefix, ImageTransport transport) in s_transports)
        {
            if (!text.StartsWith(prefix, StringComparison.Ordinal)) continue;
            string name = text[prefix.Length..];
            return transport switch
            {
                ImageTransport.Registry => FromReference(ImageReference.Parse(name)),
                ImageTransport.DockerDaemon => ParseEngine(name),
                _ => ParsePath(transport, name, text),
            };
        }

        if (IsPath(text)) return ParsePath(ImageTransport.Path, text, text);
        foreach (string foreign in s_foreignTransports)
            if (text.StartsWith(foreign, StringComparison.Ordinal))
                throw Bad(text, $"'{foreign}' is not a transport that OciTools reads (docker://, docker-daemon:, oci:, oci-archive:, docker-archive:)");
        return FromReference(ImageReference.Parse(text));
    }

    /// <summary>Parses a name without throwing.</summary>
    /// <param name="text">The name.</param>
    /// <param name="location">The location, or null.</param>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageLocation? location)
    {
        location = null;
        if (text is null) return false;
        try
        {
            location = Parse(text);
            return true;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    /// <summary>The place of an image in a registry.</summary>
    /// <param name="reference">Its name.</param>
    public static ImageLocation FromReference(ImageReference reference) => new(ImageTransport.Registry, reference);

    /// <summary>A file or directory, taken literally; what it is is found by looking at it.</summary>
    /// <param name="path">The path; a relative one that does not say so gets <c>./</c> in front, so that its text stays a path.</param>
    /// <exception cref="MalformedException">The path is empty (<c>InvalidImageName</c>).</exception>
    public static ImageLocation FromPath(string path) =>
        string.IsNullOrEmpty(path) ? throw Bad(path, "the path is empty") : new(ImageTransport.Path, path: Explicit(path));

    /// <summary>The same image by another path to the same place: a relative path made absolute.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="MalformedException">The path is empty (<c>InvalidImageName</c>).</exception>
    public ImageLocation WithAbsolutePath(string path) => string.IsNullOrEmpty(path)
        ? throw Bad(path, "the path is empty")
        : new(Transport, null, null, Transport == ImageTransport.Path ? Explicit(path) : path, RefName, Digest, Position);

    /// <summary>The same image, the kind of its place found out.</summary>
    internal ImageLocation WithTransport(ImageTransport transport) => new(transport, null, null, Path, RefName, Digest, Position);

    /// <summary>
    /// Another image of the same layout or archive, by ref name, digest or position; the text shows the digest or position where one is
    /// given. A ref name that cannot be written (see <see cref="CanWrite"/>) yields to the digest or position beside it.
    /// </summary>
    /// <exception cref="MalformedException">The ref name cannot be written and there is nothing beside it (<c>InvalidImageName</c>).</exception>
    internal ImageLocation WithName(string? refName, Digest? digest = null, int? position = null)
    {
        if (refName is not null && !CanWrite(refName))
        {
            if (digest is null && position is null) throw Bad(refName, "as a ref name it would be read as something else; use a digest or @N");
            refName = null;
        }

        return new(Transport, null, null, Path, refName, digest, position);
    }

    /// <summary>Whether the ref name, written behind a path and a colon, is read as the same ref name again.</summary>
    internal static bool CanWrite(string refName) => refName.Length > 0 && refName[0] is not ('@' or ':') && !HasControl(refName);

    internal static ImageLocation FromEngine(string name) => ParseEngine(name);

    /// <summary>The canonical name, which parses to the same location.</summary>
    public override string ToString()
    {
        switch (Transport)
        {
            case ImageTransport.Registry:
                string reference = Reference!.ToString();
                return IsTransport(reference) ? "docker://" + reference : reference;
            case ImageTransport.DockerDaemon:
                return "docker-daemon:" + _engineName;
            default:
                string prefix = Transport switch
                {
                    ImageTransport.Oci => "oci:",
                    ImageTransport.OciArchive => "oci-archive:",
                    ImageTransport.DockerArchive => "docker-archive:",
                    _ => "",
                };
                string name = Digest is not null ? "@" + Digest
                    : Position is { } position ? ":@" + position.ToString(CultureInfo.InvariantCulture)
                    : RefName is not null ? ":" + RefName
                    : "";
                return prefix + WrittenPath(Path!) + name;
        }
    }

    /// <inheritdoc/>
    public bool Equals(ImageLocation? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ImageLocation other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

    private static ImageLocation ParseEngine(string name)
    {
        string id = name.StartsWith("sha256:", StringComparison.Ordinal) ? name : "sha256:" + name;
        if (OciTools.Digest.TryParse(id, out Digest? digest))
            return new(ImageTransport.DockerDaemon, engineName: digest.ToString(), digest: digest);
        ImageReference reference = ImageReference.Parse(name);
        string suffix = reference.Digest is not null ? "@" + reference.Digest : ":" + reference.Tag;
        string engineName = reference.FamiliarName + suffix;

        // the tag of a repository "sha256" may look like the hash of an image id
        if (OciTools.Digest.TryParse(engineName, out _)) engineName = reference.Name + suffix;
        return new(ImageTransport.DockerDaemon, reference, engineName);
    }

    private static ImageLocation ParsePath(ImageTransport transport, string name, string text)
    {
        int colon = Separator(name, DriveLength(name));
        int at = name.LastIndexOf('@');
        if (at >= 0 && colon > at && name.AsSpan(at + 1, colon - at - 1) is "sha256" or "sha384" or "sha512")
        {
            if (!OciTools.Digest.TryParse(name[(at + 1)..], out Digest? digest))
                throw ErrorCatalogue.InvalidDigest.Error($"'{DisplayText.Excerpt(text)}' does not end with a valid digest.");
            return at == 0 ? throw Bad(text, "the path is empty") : new(transport, path: ReadPath(name[..at]), digest: digest);
        }

        string path = ReadPath(colon < 0 ? name : name[..colon]);
        string? refName = colon < 0 ? null : name[(colon + 1)..];
        if (path.Length == 0) throw Bad(text, "the path is empty");
        if (refName is { Length: 0 }) throw Bad(text, "there is nothing after the colon");
        if (refName is not null && refName[0] == '@')
        {
            return int.TryParse(refName.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int position)
                ? new(transport, path: path, position: position)
                : throw Bad(text, "'@' after the colon needs the position of an image, from 0");
        }

        return new(transport, path: path, refName: refName);
    }

    // the first colon that stands alone; two are one that belongs to the path
    private static int Separator(string text, int start)
    {
        for (int colon = text.IndexOf(':', start); colon >= 0; colon = text.IndexOf(':', colon + 2))
        {
            if (colon + 1 == text.Length || text[colon + 1] != ':') return colon;
            if (colon + 2 == text.Length) break;
        }

        return -1;
    }

    private static string ReadPath(string text)
    {
        int drive = DriveLength(text);
        return text.IndexOf("::", drive, StringComparison.Ordinal) < 0
            ? text
            : string.Concat(text.AsSpan(0, drive), text[drive..].Replace("::", ":", StringComparison.Ordinal));
    }

    private static string WrittenPath(string path)
    {
        // a directory of one letter, with its colon or slash behind it, would look like a drive
        if (path.Length == 1 && char.IsAsciiLetter(path[0])) return "./" + path;
        int drive = DriveLength(path);
        return path.IndexOf(':', drive) < 0
            ? path
            : string.Concat(path.AsSpan(0, drive), path[drive..].Replace(":", "::", StringComparison.Ordinal));
    }

    private static string Explicit(string path) =>
        path[0] is '/' or '\\' || path is "." or ".." || StartsWithSegment(path, ".") || StartsWithSegment(path, "..") || DriveLength(path) > 0
            ? path
            : "./" + path;

    // a registry host may be called as a transport is: oci:5000/app
    private static bool IsTransport(string text)
    {
        foreach ((string prefix, _) in s_transports)
            if (text.StartsWith(prefix, StringComparison.Ordinal)) return true;
        foreach (string prefix in s_foreignTransports)
            if (text.StartsWith(prefix, StringComparison.Ordinal)) return true;
        return false;
    }

    private static bool HasControl(string text) => text.AsSpan().ContainsAnyInRange('\0', '\u001F') || text.Contains('\u007F', StringComparison.Ordinal);

    private static bool IsPath(string text) =>
        text is "." or ".." or "~"
        || StartsWithName(text, ".") || StartsWithName(text, "..") || StartsWithName(text, "~")
        || text[0] is '/' or '\\'
        || StartsWithSegment(text, ".") || StartsWithSegment(text, "..") || StartsWithSegment(text, "~")
        || DriveLength(text) > 0;

    private static bool StartsWithName(string text, string segment) =>
        text.Length > segment.Length && text.StartsWith(segment, StringComparison.Ordinal) && text[segment.Length] is ':' or '@';

    private static bool StartsWithSegment(string text, string segment) =>
        text.Length > segment.Length && text.StartsWith(segment, StringComparison.Ordinal) && text[segment.Length] is '/' or '\\';

    // C:\ and C:/, also behind the \\?\ of a long Windows path; 0 where there is no drive
    private static int DriveLength(string text)
    {
        int start = text.StartsWith(@"\\?\", StringComparison.Ordinal) ? 4 : 0;
        return text.Length > start + 2 && char.IsAsciiLetter(text[start]) && text[start + 1] == ':' && text[start + 2] is '\\' or '/' ? start + 2 : 0;
    }

    private static OciException Bad(string? text, string problem) =>
        ErrorCatalogue.InvalidImageName.Error($"'{DisplayText.Excerpt(text)}' is not the name of an image: {problem}.");
}
