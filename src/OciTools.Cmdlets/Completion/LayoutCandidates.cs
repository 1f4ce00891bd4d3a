using OciTools.Loading;
using OciTools.Stores;
using OciTools.Stores.Layout;

namespace OciTools.Completion;

/// <summary>Offers layouts and archives on the disk, and the ref names in a layout.</summary>
internal static class LayoutCandidates
{
    private const int MostFiles = 1000;

    /// <summary>What goes on behind a transport and the beginning of a path.</summary>
    /// <param name="transport">Such as <c>oci:</c>; empty for a path alone, behind which both layouts and archives lie.</param>
    /// <param name="path">What was typed behind it.</param>
    /// <param name="patience">How long the layouts may take that are looked into.</param>
    internal static IEnumerable<Candidate> Find(string transport, string path, Patience patience)
    {
        (bool layouts, bool archives) = (transport is "oci:" or "", transport is not "oci:");
        if (layouts && path.LastIndexOf(':') is > 1 and var colon)
            return RefNames(UserPath.Absolute(path[..colon]), patience).Select(name => new Candidate($"{transport}{path[..colon]}:{name}", $"the image {name} of this layout"));
        int leaf = path.AsSpan().LastIndexOfAny('/', '\\') + 1;
        return Entries(UserPath.Absolute(path[..leaf]), path[leaf..])
            .Where(entry => entry is DirectoryInfo || (archives && IsArchive(entry.Name)))
            .SelectMany(entry => OfEntry(transport + path[..leaf] + entry.Name, entry, layouts, patience));
    }

    private static IEnumerable<Candidate> OfEntry(string text, FileSystemInfo entry, bool layouts, Patience patience)
    {
        if (entry is FileInfo) return [new Candidate(text, "an archive")];
        if (!layouts || !File.Exists(Path.Join(entry.FullName, "oci-layout"))) return [new Candidate($"{text}/", "a directory")];
        return [new Candidate(text, "an OCI layout"), .. RefNames(entry.FullName, patience).Select(name => new Candidate($"{text}:{name}", $"the image {name} of this layout"))];
    }

    private static bool IsArchive(string name) => name.Contains(".tar", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase);

    private static FileSystemInfo[] Entries(string folder, string start)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateFileSystemInfos().Take(MostFiles)
                .Where(entry => entry.Name.StartsWith(start, StringComparison.OrdinalIgnoreCase) && (start.Length > 0 || entry.Name[0] != '.')).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // what cannot be looked into has nothing to offer
            return [];
        }
    }

    private static IReadOnlyList<string> RefNames(string folder, Patience patience) => patience.Ask(token => ReadAsync(folder, token));

    private static async Task<IReadOnlyList<string>> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        List<string> names = [];
        try
        {
            await using OciLayoutStore layout = await OciLayoutStore.OpenAsync(folder, ImageTransport.Oci, AdaptersContext.Inflate, cancellationToken).ConfigureAwait(false);
            await foreach (StoredImage image in layout.ListAsync(cancellationToken).ConfigureAwait(false))
                if (image.Location.RefName is { } name) names.Add(name);
        }
        catch (Exception e) when (e is OciException or OperationCanceledException)
        {
            // no layout, no names
        }

        return names;
    }
}
