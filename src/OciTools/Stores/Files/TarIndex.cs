using System.Text.Unicode;
using OciTools.Layers.Tar;

namespace OciTools.Stores.Files;

/// <summary>The names of an archive.</summary>
internal sealed class TarIndex
{
    // enough for what writers of archives make: a link from one image's folder to another's
    private const int LinkDepth = 16;

    private readonly Dictionary<string, TarEntry> _entries = new(StringComparer.Ordinal);
    private readonly string _where;
    private int _count;

    internal TarIndex(string where) => _where = where;

    /// <summary>Takes an entry.</summary>
    /// <returns>Its path; null for one that cannot be asked for.</returns>
    internal string? Add(TarHeader header)
    {
        if (++_count > Limits.ArchiveEntries)
            throw ErrorCatalogue.TooLarge.Error($"{Quote(_where)} has more than {Limits.ArchiveEntries} entries, the most that are read of an archive.");
        string name = header.Name;
        if (ArchivePath.Normalize(name) is not { } path)
            throw ErrorCatalogue.MalformedContent.Error($"{Quote(_where)} has an entry whose name leaves the archive: {Quote(name)}.");
        if (path.Length == 0 || !Utf8.IsValid(header.RawName.Span)) return null;

        bool isLink = header.Kind is TarEntryKind.SymbolicLink or TarEntryKind.HardLink;
        bool isRepeated = _entries.TryGetValue(path, out TarEntry? before) && !(before.Kind == TarEntryKind.Directory && header.Kind == TarEntryKind.Directory);
        _entries[path] = new TarEntry(header.Kind, header.Size, header.DataOffset, isLink ? header.Link : null, isRepeated, header.IsSparse);
        return path;
    }

    internal bool Contains(string path) => _entries.ContainsKey(path);

    /// <summary>The regular file of a path; null if there is none. Anything else under the path, or a link on the way to it, is an error.</summary>
    internal TarEntry? Find(string path)
    {
        for (string parent = ArchivePath.Parent(path); parent.Length > 0; parent = ArchivePath.Parent(parent))
            if (_entries.TryGetValue(parent, out TarEntry? directory) && directory.Kind != TarEntryKind.Directory)
                throw ErrorCatalogue.MalformedContent.Error($"{Quote(parent)} in {Quote(_where)} is not a directory.");
        return _entries.TryGetValue(path, out TarEntry? entry) ? RequireFile(path, entry) : null;
    }

    /// <summary>The same, but a link to another entry of the archive is followed.</summary>
    internal (string Path, TarEntry Entry)? FindThroughLinks(string path)
    {
        for (int depth = 0; depth <= LinkDepth; depth++)
        {
            if (!_entries.TryGetValue(path, out TarEntry? entry)) return depth == 0 ? null : throw BadLink(path, "leads to nothing in the archive");
            if (entry.Link is null) return (path, Find(path) ?? RequireFile(path, entry));
            string directory = entry.Kind == TarEntryKind.SymbolicLink ? ArchivePath.Parent(path) : "";
            path = ArchivePath.Combine(directory, entry.Link) ?? throw BadLink(path, $"leads out of the archive, to {Quote(entry.Link)}");
        }

        throw BadLink(path, "is part of a chain of links without an end");
    }

    private TarEntry RequireFile(string path, TarEntry entry)
    {
        if (entry.Kind != TarEntryKind.File)
            throw ErrorCatalogue.MalformedContent.Error($"{Quote(path)} in {Quote(_where)} is a {entry.Kind} and not a regular file.");
        if (entry.IsSparse)
            throw ErrorCatalogue.UnsupportedContent.Error($"{Quote(path)} in {Quote(_where)} is stored as a sparse file.",
                recommendation: "Write the archive again without tar's --sparse.");
        return entry;
    }

    private OciException BadLink(string path, string why) =>
        ErrorCatalogue.MalformedContent.Error($"The link {Quote(path)} in {Quote(_where)} {why}.");

    private static string Quote(string text) => $"'{DisplayText.Excerpt(text, 120)}'";
}
