using OciTools.FileTrees.Expanding;

namespace OciTools.Operations.Files;

/// <summary>
/// The directory that an image is expanded into. The files grow in a folder beside it that only the user may enter; the directory gets
/// its name, or takes the place of the one before, when all of it is there.
/// </summary>
internal sealed class ExpansionDestination : IDisposable
{
    private readonly bool _replace;
    private readonly IOperationLog _log;
    private readonly string _between;
    private readonly Stack<string> _madeParents = new();
    private bool _isCommitted;

    private ExpansionDestination(string path, bool replace, IOperationLog log)
    {
        string folder = System.IO.Path.GetDirectoryName(path)!;
        string prefix = $".{System.IO.Path.GetFileName(path)}.{System.IO.Path.GetRandomFileName()}";
        Path = path;
        Partial = System.IO.Path.Join(folder, prefix + ".partial");
        Staging = System.IO.Path.Join(folder, prefix + ".staging");
        _between = System.IO.Path.Join(folder, prefix + ".old");
        _replace = replace;
        _log = log;
    }

    /// <summary>The absolute path of the directory.</summary>
    internal string Path { get; }

    /// <summary>The folder in which the tree grows.</summary>
    internal string Partial { get; }

    /// <summary>The folder for what has no place in the tree yet.</summary>
    internal string Staging { get; }

    /// <summary>Checks that something may be written there.</summary>
    /// <param name="path">The absolute path.</param>
    /// <param name="replace">Whether a directory that OciTools made is replaced.</param>
    /// <param name="log">Takes warnings.</param>
    /// <param name="replaced">What is replaced; null for nothing.</param>
    /// <exception cref="ConflictException">Something is there (<c>FileExists</c>, <c>NotMadeByOciTools</c>, <c>WriteFailed</c>).</exception>
    internal static ExpansionDestination Plan(string path, bool replace, IOperationLog log, out ExpansionMarker? replaced)
    {
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (System.IO.Path.GetDirectoryName(path) is null) throw ErrorCatalogue.FileExists.Error($"'{DisplayText.Excerpt(path)}' is the top of a file system.");
        replaced = Check(path, replace);
        return new ExpansionDestination(path, replace, log);
    }

    /// <summary>Makes the folders.</summary>
    /// <exception cref="ConflictException">They cannot be made (<c>WriteFailed</c>).</exception>
    internal void Begin() => Guard(() =>
    {
        MakeParents(System.IO.Path.GetDirectoryName(Path)!);
        LocalFolder.Make(Partial);
        LocalFolder.Make(Staging);
    });

    /// <summary>Gives the tree its name.</summary>
    /// <param name="image">The canonical name of the image.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="cancellationToken">Stops before that.</param>
    internal async Task CommitAsync(string image, string? digest, CancellationToken cancellationToken)
    {
        Guard(() => LocalFolder.Remove(Staging));
        ExpansionMarker marker = new(image, digest, DateTimeOffset.Now, "");
        Guard(() => marker = marker with { Folder = LocalFolder.IdentityOf(Partial) });
        AtomicFile file = AtomicFile.Create(ExpansionMarker.PathFor(Path), replace: true);
        await using (file.ConfigureAwait(false))
        {
            await file.Output.WriteAsync(marker.GetBytes(), cancellationToken).ConfigureAwait(false);
            bool isReplaced = Check(Path, _replace) is not null;
            cancellationToken.ThrowIfCancellationRequested();
            GiveName(isReplaced);
            try
            {
                await file.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                _isCommitted = true;
            }
            catch (OciException)
            {
                Guard(() => TakeName(isReplaced));
                throw;
            }
        }
    }

    /// <summary>Removes what is left: of a failure all of it, else what was replaced.</summary>
    public void Dispose()
    {
        Remove(Staging);
        Remove(Partial);
        while (!_isCommitted && _madeParents.TryPop(out string? made))
        {
            try
            {
                Directory.Delete(made, recursive: false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // somebody else uses it by now
                return;
            }
        }
    }

    private static ExpansionMarker? Check(string path, bool replace)
    {
        DirectoryInfo folder = new(path);
        if (folder.LinkTarget is not null) throw ErrorCatalogue.FileExists.Error($"'{DisplayText.Excerpt(path)}' is a link.", recommendation: "Name the directory that it leads to.");
        if (!folder.Exists) return File.Exists(path) ? throw ErrorCatalogue.FileExists.Error($"'{DisplayText.Excerpt(path)}' is a file, not a directory.", recommendation: "Use another destination.") : null;
        if (IsEmpty(folder)) return null;
        if (!replace) throw ErrorCatalogue.FileExists.Error($"The directory '{DisplayText.Excerpt(path)}' exists already and is not empty.", recommendation: "Use another destination, or -Force to replace a directory that Expand-Image made.");

        ExpansionMarker? marker = ExpansionMarker.Read(path);
        string why = marker is null ? $"there is no file '{DisplayText.Excerpt(System.IO.Path.GetFileName(ExpansionMarker.PathFor(path)))}' of yours beside it that says so" : "it is another directory than the one that was made";
        Guard(path, () =>
        {
            if (marker is null || LocalFolder.IdentityOf(path) != marker.Folder)
                throw ErrorCatalogue.NotMadeByOciTools.Error($"'{DisplayText.Excerpt(path)}' was not made by OciTools: {why}.");
            if (LocalFolder.MountBelow(path) is { } mount)
                throw ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(path)}' is not replaced, since something is mounted on '{DisplayText.Excerpt(mount)}'.", recommendation: "Unmount it first.");
        });
        return marker;
    }

    private static bool IsEmpty(DirectoryInfo folder)
    {
        try
        {
            return !folder.EnumerateFileSystemInfos().Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void MakeParents(string folder)
    {
        Stack<string> missing = new();
        for (string? above = folder; above is not null && !Directory.Exists(above); above = System.IO.Path.GetDirectoryName(above)) missing.Push(above);
        while (missing.TryPop(out string? next))
        {
            Directory.CreateDirectory(next);
            _madeParents.Push(next);
        }
    }

    private void GiveName(bool isReplaced) => Guard(() =>
    {
        if (isReplaced) LocalFolder.Exchange(Partial, Path, _between);
        else LocalFolder.Move(Partial, Path);
    });

    private void TakeName(bool isReplaced)
    {
        if (isReplaced) LocalFolder.Exchange(Partial, Path, _between);
        else LocalFolder.Move(Path, Partial);
    }

    private void Remove(string folder)
    {
        if (!Directory.Exists(folder)) return;
        try
        {
            LocalFolder.Remove(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Warning($"The temporary directory '{DisplayText.Excerpt(folder)}' cannot be removed: {DisplayText.Excerpt(e.Message)}");
        }
    }

    private void Guard(Action action) => Guard(Path, action);

    /// <summary>Turns what the system says into an error that names the place.</summary>
    internal static void Guard(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, e);
        }
    }

    internal static OciException CannotWrite(string path, Exception e) =>
        ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(path)}' cannot be written: {DisplayText.Excerpt(e.Message)}", e);
}
