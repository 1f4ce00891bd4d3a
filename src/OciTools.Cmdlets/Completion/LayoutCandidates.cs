using System.Management.Automation;
using OciTools.Loading;
using OciTools.Stores;
using OciTools.Stores.Layout;

namespace OciTools.Completion;

/// <summary>Offers layouts and archives on the disk, and the ref names in a layout.</summary>
internal static class LayoutCandidates
{
    private const int MostFiles = 1000;
    private static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(200);

    /// <summary>What goes on behind a transport and the beginning of a path.</summary>
    /// <param name="transport">Such as <c>oci:</c>.</param>
    /// <param name="path">What was typed behind it.</param>
    internal static IEnumerable<Candidate> Find(string transport, string path)
    {
        bool isLayout = transport == "oci:";
        if (isLayout && path.LastIndexOf(':') is > 1 and var colon)
            return RefNames(Absolute(path[..colon])).Select(name => new Candidate($"{transport}{path[..colon]}:{name}", $"the image {name} of this layout"));
        int leaf = path.AsSpan().LastIndexOfAny('/', '\\') + 1;
        return Entries(Absolute(path[..leaf]), path[leaf..])
            .Where(entry => isLayout ? entry is DirectoryInfo : entry is DirectoryInfo || IsArchive(entry.Name))
            .SelectMany(entry => OfEntry(transport, path[..leaf] + entry.Name, entry, isLayout));
    }

    private static IEnumerable<Candidate> OfEntry(string transport, string path, FileSystemInfo entry, bool isLayout)
    {
        if (entry is FileInfo) return [new Candidate(transport + path, "an archive")];
        if (!isLayout || !File.Exists(Path.Join(entry.FullName, "oci-layout"))) return [new Candidate($"{transport}{path}/", "a directory")];
        return [new Candidate(transport + path, "an OCI layout"), .. RefNames(entry.FullName).Select(name => new Candidate($"{transport}{path}:{name}", $"the image {name} of this layout"))];
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

    private static string[] RefNames(string folder)
    {
        using CancellationTokenSource end = new(s_patience);
        Task<string[]> reading = Task.Run(() => ReadAsync(folder, end.Token));
        return Task.WaitAny([reading], s_patience) == 0 ? reading.Result : [];
    }

    private static async Task<string[]> ReadAsync(string folder, CancellationToken cancellationToken)
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

        return [.. names];
    }

    // relative to PowerShell's location, which only PowerShell knows
    private static string Absolute(string path)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (path is "~" || path.StartsWith("~/", StringComparison.Ordinal)) return home + path[1..];
        if (Path.IsPathFullyQualified(path)) return path;
        using PowerShell location = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return Path.Join(location.AddCommand("Microsoft.PowerShell.Management\\Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>().FirstOrDefault()?.ProviderPath, path);
    }
}
