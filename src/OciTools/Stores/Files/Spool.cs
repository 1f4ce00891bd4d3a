namespace OciTools.Stores.Files;

/// <summary>A temporary file that is gone on every exit, also when the process is killed.</summary>
internal static class Spool
{
    /// <param name="folder">Where it lies; null for the folder of temporary files.</param>
    internal static FileStream Create(string? folder = null)
    {
        folder ??= Path.GetTempPath();
        string path = Path.Join(folder, "ocitools-spool-" + Path.GetRandomFileName());
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            FileStream stream = new(path, options);
            // On Unix the name can go at once, while the open file stays; Windows itself deletes when the last handle closes.
            if (!OperatingSystem.IsWindows()) File.Delete(path);
            return stream;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(e, folder);
        }
    }

    internal static OciException CannotWrite(Exception inner, string? folder = null) => ErrorCatalogue.WriteFailed.Error(
        $"A temporary file in '{DisplayText.Excerpt(folder ?? Path.GetTempPath())}' cannot be written: {DisplayText.Excerpt(inner.Message)}", inner);
}
