using System.IO.Enumeration;
using OciTools.Loading;
using OciTools.Stores;
using OciTools.Stores.Layout;

namespace OciTools.Completion;

/// <summary>Offers layouts and archives on the disk, and the ref names in a layout. Of a folder that is not read to its end in time, what was found by then is offered.</summary>
internal static class LayoutCandidates
{
    private const int MostFiles = 1000;

    private static readonly EnumerationOptions s_all = new() { AttributesToSkip = 0, IgnoreInaccessible = false };

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
        string folder = UserPath.Absolute(path[..leaf]);
        return patience.Ask(_ => Task.FromResult(Entries(folder, path[leaf..], archives, patience)))
            .SelectMany(entry => OfEntry(transport + path[..leaf] + entry.Name, entry, layouts, patience));
    }

    private static IEnumerable<Candidate> OfEntry(string text, Entry entry, bool layouts, Patience patience)
    {
        if (!entry.IsFolder) return [new Candidate(text, "an archive")];
        if (!layouts || !entry.IsLayout) return [new Candidate($"{text}/", "a directory")];
        return [new Candidate(text, "an OCI layout"), .. RefNames(entry.Path, patience).Select(name => new Candidate($"{text}:{name}", $"the image {name} of this layout"))];
    }

    private static bool IsArchive(string name) => name.Contains(".tar", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".tgz", StringComparison.OrdinalIgnoreCase);

    // what the name of an image ends at, takes for a separator, or cannot hold
    private static bool CanBeWritten(string name) => !name.AsSpan().ContainsAny(':', '\\', '\uFFFD');

    private static IReadOnlyList<Entry> Entries(string folder, string start, bool archives, Patience patience)
    {
        try
        {
            FileSystemEnumerable<(string Name, bool IsFolder)> all = new(folder, (ref FileSystemEntry entry) => (entry.FileName.ToString(), entry.IsDirectory), s_all);
            return [.. all.TakeWhile(_ => !patience.IsHalfOver)
                .Where(one => one.Name.StartsWith(start, StringComparison.OrdinalIgnoreCase) && (start.Length > 0 || one.Name[0] != '.') && CanBeWritten(one.Name) && (one.IsFolder || (archives && IsArchive(one.Name))))
                .Take(MostFiles).OrderBy(one => one.Name, StringComparer.Ordinal)
                .Select(one => new Entry(one.Name, Path.Join(folder, one.Name), one.IsFolder, one.IsFolder && File.Exists(Path.Join(folder, one.Name, "oci-layout"))))];
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

    private sealed record Entry(string Name, string Path, bool IsFolder, bool IsLayout);
}
