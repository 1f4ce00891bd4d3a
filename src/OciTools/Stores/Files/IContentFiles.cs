namespace OciTools.Stores.Files;

/// <summary>The files of a layout or archive, whether they lie in a directory or in a tar, plain or compressed.</summary>
internal interface IContentFiles : IAsyncDisposable
{
    /// <summary>What holds the files, for messages: its path.</summary>
    string Where { get; }

    /// <summary>Finds a regular file; null if nothing has that path. Anything else there, and a link on the way, is an error.</summary>
    Task<ContentFile?> FindAsync(string path, CancellationToken cancellationToken);

    /// <summary>Opens a file that was found.</summary>
    Task<Stream> OpenAsync(ContentFile file, CancellationToken cancellationToken);

    /// <summary>Reads a document that may stand only once; null if it is absent.</summary>
    Task<byte[]?> ReadDocumentAsync(string path, int limit, CancellationToken cancellationToken);

    /// <summary>Says that large files will be asked for, so that a compressed archive is gone through once and not twice.</summary>
    Task PrepareContentAsync(CancellationToken cancellationToken);
}
