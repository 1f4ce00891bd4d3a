using Microsoft.Win32.SafeHandles;

namespace OciTools.Stores.Files;

/// <summary>Opens files of this computer with errors that say which and why.</summary>
internal static class LocalFile
{
    internal static SafeFileHandle Open(string path)
    {
        try
        {
            // A named pipe or a device has no length either, and opening it could wait for ever.
            FileInfo file = new(path);
            if (file.LinkTarget is not null) file = (FileInfo)file.ResolveLinkTarget(returnFinalTarget: true)!;
            if (file is { Exists: true, Length: 0 }) throw ErrorCatalogue.MalformedContent.Error($"'{DisplayText.Excerpt(path)}' is empty, or no regular file.");
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.None);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw NotFound(path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotRead(path, e);
        }
    }

    internal static OciException NotFound(string path, Exception? inner = null) =>
        ErrorCatalogue.PathNotFound.Error($"There is no file or directory '{DisplayText.Excerpt(path)}'.", inner);

    internal static OciException CannotRead(string path, Exception inner) =>
        ErrorCatalogue.ReadFailed.Error($"'{DisplayText.Excerpt(path)}' cannot be read: {DisplayText.Excerpt(inner.Message)}", inner);
}
