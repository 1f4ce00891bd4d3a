using OciTools.FileTrees;
using OciTools.Stores.Files;

namespace OciTools.Operations.Files;

/// <summary>
/// Reads the contents of files inside images. Files of one image that are asked for one after the other share what was read of its layers,
/// which lies in temporary files; of the images that nobody reads any more, those read last are kept.
/// </summary>
/// <param name="inflateZstd">Inflates zstd.</param>
/// <param name="maximumSize">The most bytes of tar that a layer may have; null for the rule of <see cref="LayerReading.MaximumSize"/>.</param>
public sealed class FileContents(Func<Stream, Stream> inflateZstd, long? maximumSize) : IAsyncDisposable
{
    // many images may come, and each takes room on the disk
    private const int MostUnused = 4;

    private readonly FewKept<string, TopDownFiles> _images = new(MostUnused);

    /// <summary>Opens the files that a path or pattern means, in the order of their paths; the content of each is proved before its first byte comes out.</summary>
    /// <param name="inspector">Opens images.</param>
    /// <param name="image">The image.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="path">The path inside the image; a pattern unless it is literal.</param>
    /// <param name="isLiteral">Whether <c>*</c> and <c>?</c> stand for themselves.</param>
    /// <param name="progress">Takes the bytes that were read.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="NotFoundException">The image has no such file (<c>FileNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is no regular file (<c>NotAFile</c>).</exception>
    public async Task<OpenedFiles> OpenAsync(
        ImageInspector inspector, ImageLocation image, Platform? platform, string path, bool isLiteral, ITransferProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        FilePathPattern pattern = isLiteral ? FilePathPattern.Literal(path) : FilePathPattern.Parse(path);
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        FewKept<string, TopDownFiles>.Kept kept = _images.Take(opened.Name, () => new TopDownFiles(opened, new LayerReading(inflateZstd, maximumSize, progress)));
        try
        {
            return new OpenedFiles(await FindAsync(opened, kept.Thing, pattern, path, cancellationToken).ConfigureAwait(false), () => _images.GiveBackAsync(kept));
        }
        catch
        {
            await _images.GiveBackAsync(kept).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Forgets what was read; temporary files go away.</summary>
    public ValueTask DisposeAsync() => _images.DisposeAsync();

    private static async Task<IReadOnlyList<FileContent>> FindAsync(OpenedImage opened, TopDownFiles files, FilePathPattern pattern, string path, CancellationToken cancellationToken)
    {
        if (!pattern.IsLiteral)
        {
            FileTree tree = await files.WholeAsync(cancellationToken).ConfigureAwait(false);
            FileContent[] found = [.. tree.Walk().Where(node => node.Kind == FileKind.File && pattern.Matches(node.Path)).Select(node => new FileContent(opened.Name, "/" + EntryPath.Show(node.Path), () => files.Open(node)))];
            return found.Length > 0 ? found : throw NotFound(opened, path, "no regular file that fits");
        }

        TreeNode? node = await files.FindAsync(FilePathPattern.BytesOf(path), cancellationToken).ConfigureAwait(false);
        if (node is not { } file) throw NotFound(opened, path, "no file");
        if (file.Kind != FileKind.File)
            throw ErrorCatalogue.NotAFile.Error($"'{DisplayText.Excerpt(path)}' in {DisplayText.Excerpt(opened.Name)} is no regular file but a {file.Kind}.");
        return [new FileContent(opened.Name, "/" + EntryPath.Show(file.Path), () => files.Open(file))];
    }

    private static OciException NotFound(OpenedImage opened, string path, string what) =>
        ErrorCatalogue.FileNotFound.Error($"{DisplayText.Excerpt(opened.Name)} has {what} '{DisplayText.Excerpt(path)}'.");
}
