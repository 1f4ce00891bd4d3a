namespace OciTools.Stores.Layout;

/// <summary>
/// The folder of a layout that holds what writers need while they write: the locks, the leases of those that run, and the files that have
/// not got their name yet. Nothing in it is part of the layout.
/// </summary>
internal sealed class IngestFolder
{
    internal const string Name = ".ocitools";

    /// <summary>How the names of unfinished files end.</summary>
    internal const string PartialEnd = ".partial";

    /// <summary>How the names of leases end.</summary>
    internal const string LeaseEnd = ".lease";

    internal IngestFolder(string layout) => Path = System.IO.Path.Join(layout, Name);

    internal string Path { get; }

    /// <summary>Who has this lock alone may change the index.</summary>
    internal string IndexLock => System.IO.Path.Join(Path, "lock");

    /// <summary>Who shares this lock may claim blobs; who has it alone may take away what nobody has claimed.</summary>
    internal string SweepLock => System.IO.Path.Join(Path, "sweep");

    /// <summary>A path for a file that is to be renamed when it is whole.</summary>
    internal string NewPartial(string name) => System.IO.Path.Join(Path, $"{name}.{System.IO.Path.GetRandomFileName()}{PartialEnd}");

    /// <summary>A path for the lease of a writer.</summary>
    internal string NewLease() => System.IO.Path.Join(Path, System.IO.Path.GetRandomFileName() + LeaseEnd);

    /// <summary>How the name of a partial blob starts.</summary>
    internal static string PartialName(Digest digest) => $"{digest.Algorithm}-{digest.Hex}";

    /// <summary>The digest of the blob that a partial one, by its name, is a part of; null for other files.</summary>
    internal static Digest? DigestOf(string fileName)
    {
        int end = fileName.IndexOf('.', StringComparison.Ordinal);
        int dash = fileName.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && dash < end && Digest.TryParse($"{fileName[..dash]}:{fileName[(dash + 1)..end]}", out Digest? digest) ? digest : null;
    }

    /// <summary>The regular files whose name ends in a certain way; none where there is no such folder.</summary>
    internal IEnumerable<FileInfo> Files(string pattern)
    {
        DirectoryInfo folder = new(Path);
        return folder.Exists ? folder.EnumerateFiles(pattern).Where(file => (file.Attributes & FileAttributes.ReparsePoint) == 0) : [];
    }
}
