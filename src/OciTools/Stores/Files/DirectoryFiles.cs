namespace OciTools.Stores.Files;

/// <summary>The files of a layout directory. Nothing that is a link is followed.</summary>
internal sealed class DirectoryFiles : IContentFiles
{
    private readonly string _root;

    internal DirectoryFiles(string root) => _root = root;

    public string Where => _root;

    public Task<ContentFile?> FindAsync(string path, CancellationToken cancellationToken) => Task.FromResult(Find(path));

    public Task<Stream> OpenAsync(ContentFile file, CancellationToken cancellationToken) => Task.FromResult(Open(file, file.Size));

    public async Task<byte[]?> ReadDocumentAsync(string path, int limit, CancellationToken cancellationToken)
    {
        if (Find(path) is not { } file) return null;
        string what = $"'{DisplayText.Excerpt(FullPath(path))}'";
        if (file.Size > limit) throw BoundedReading.TooLarge(what, limit);

        // another process may have put a longer one in its place since it was found: what is open stays what it is
        Stream stream = Open(file, null);
        await using (stream.ConfigureAwait(false))
            return await BoundedReading.ReadAllAsync(stream, limit, what, cancellationToken).ConfigureAwait(false);
    }

    public Task PrepareContentAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Stream Open(ContentFile file, long? size)
    {
        // a named pipe or a device has no length either, and opening it could wait for ever
        if (file.Size == 0) return Stream.Null;
        string full = FullPath(file.Path);
        ByteSource source = ByteSource.FromFile(LocalFile.Open(full), full);
        return new SliceStream(source, file.Offset, size ?? source.Length, $"'{DisplayText.Excerpt(full)}'", ownsSource: true);
    }

    private ContentFile? Find(string path)
    {
        string current = _root;
        string[] segments = path.Split('/');
        for (int i = 0; i < segments.Length; i++)
        {
            current = Path.Join(current, segments[i]);
            FileInfo info = new(current);
            FileAttributes attributes;
            try
            {
                attributes = info.Attributes;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw LocalFile.CannotRead(current, e);
            }

            if ((int)attributes == -1) return null;
            if ((attributes & FileAttributes.ReparsePoint) != 0)
                throw ErrorCatalogue.MalformedContent.Error(
                    $"'{DisplayText.Excerpt(current)}' is a link; a layout holds regular files only, and what lies outside it is not read.");
            bool isDirectory = (attributes & FileAttributes.Directory) != 0;
            bool isLast = i == segments.Length - 1;
            if (isLast == isDirectory)
                throw ErrorCatalogue.MalformedContent.Error($"'{DisplayText.Excerpt(current)}' is not a {(isLast ? "regular file" : "directory")}.");
            if (isLast) return new ContentFile(path, info.Length);
        }

        return null;
    }

    private string FullPath(string path) => Path.Join(_root, path);
}
