namespace OciTools.Operations.Files;

/// <summary>A file inside an image that was found and proved.</summary>
public sealed class FileContent
{
    private readonly Func<Stream> _open;

    internal FileContent(string image, string filePath, Func<Stream> open)
    {
        Image = image;
        FilePath = filePath;
        _open = open;
    }

    /// <summary>The canonical name of the image.</summary>
    public string Image { get; }

    /// <summary>The path of the file, after all links.</summary>
    public string FilePath { get; }

    /// <summary>Opens the content; its length is known.</summary>
    public Stream Open() => _open();

    /// <summary>Writes the content to a file, which appears when it is whole.</summary>
    /// <param name="path">The absolute path of the file.</param>
    /// <param name="replace">Whether an existing file is replaced.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <exception cref="ConflictException">It exists, or cannot be written there (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    public async Task SaveAsync(string path, bool replace, CancellationToken cancellationToken)
    {
        AtomicFile file = AtomicFile.Create(path, replace);
        await using (file.ConfigureAwait(false))
        {
            Stream content = Open();
            await using (content.ConfigureAwait(false)) await StreamCopy.CopyAsync(content, file.Output, null, cancellationToken).ConfigureAwait(false);
            await file.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
