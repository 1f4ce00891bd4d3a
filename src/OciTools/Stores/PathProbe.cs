using OciTools.Stores.DockerArchive;
using OciTools.Stores.Files;
using OciTools.Stores.Layout;

namespace OciTools.Stores;

/// <summary>Tells by its content what kind of place a path is.</summary>
public static class PathProbe
{
    /// <summary>
    /// Finds the transport of a path and opens the store in one go, so that a compressed archive is gone through only once. A location whose
    /// transport is known is opened as it says.
    /// </summary>
    /// <param name="location">A location of a layout or archive with an absolute path.</param>
    /// <param name="inflateZstd">Inflates zstd.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The location with its transport, and the store; the caller closes it.</returns>
    /// <exception cref="NotFoundException">There is nothing at the path (<c>PathNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is neither a layout nor an archive of images (<c>UnsupportedPlace</c>).</exception>
    public static async Task<(ImageLocation Location, IImageStore Store)> OpenAsync(
        ImageLocation location, Func<Stream, Stream> inflateZstd, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(location);
        string path = location.Path ?? throw new ArgumentException("Only a layout or an archive has a path.", nameof(location));
        switch (location.Transport)
        {
            case ImageTransport.Oci or ImageTransport.OciArchive:
                return (location, await OciLayoutStore.OpenAsync(path, location.Transport, inflateZstd, cancellationToken).ConfigureAwait(false));
            case ImageTransport.DockerArchive:
                return (location, await DockerArchiveStore.OpenAsync(path, inflateZstd, cancellationToken).ConfigureAwait(false));
        }

        if (Directory.Exists(path)) return (location.WithTransport(ImageTransport.Oci), OpenDirectory(path));
        TarFiles files = await TarFiles.OpenAsync(path, inflateZstd, cancellationToken).ConfigureAwait(false);
        try
        {
            // Docker's archives hold OCI files too, and only manifest.json has the names that docker load gives.
            bool isDocker = await files.ContainsAsync(ArchiveContent.ManifestFile, cancellationToken).ConfigureAwait(false)
                || await files.ContainsAsync(ArchiveContent.OldNamesFile, cancellationToken).ConfigureAwait(false);
            if (isDocker) return (location.WithTransport(ImageTransport.DockerArchive), DockerArchiveStore.Open(files));
            if (await files.ContainsAsync(LayoutContent.VersionFile, cancellationToken).ConfigureAwait(false))
                return (location.WithTransport(ImageTransport.OciArchive), OciLayoutStore.Open(files, ImageTransport.OciArchive));
            throw ErrorCatalogue.UnsupportedPlace.Error(
                $"'{DisplayText.Excerpt(path)}' is a tar, but neither a docker-save archive ('{ArchiveContent.ManifestFile}') nor an OCI layout ('{LayoutContent.VersionFile}').");
        }
        catch (MalformedException e) when (files is { Compression: "none", IndexBytesRead: 0 } && !LooksLikeTar(path))
        {
            await files.DisposeAsync().ConfigureAwait(false);
            throw ErrorCatalogue.UnsupportedPlace.Error(
                $"'{DisplayText.Excerpt(path)}' is neither an OCI layout nor a tar, plain or compressed with gzip or zstd.", e);
        }
        catch
        {
            await files.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static OciLayoutStore OpenDirectory(string path) => File.Exists(Path.Join(path, LayoutContent.VersionFile))
        ? OciLayoutStore.Open(new DirectoryFiles(path), ImageTransport.Oci)
        : throw ErrorCatalogue.UnsupportedPlace.Error(
            $"The directory '{DisplayText.Excerpt(path)}' is no OCI layout: it has no file '{LayoutContent.VersionFile}'.");

    // a damaged tar is reported as damaged, anything else as not being one
    private static bool LooksLikeTar(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = LocalFile.Open(path);
        Span<byte> block = stackalloc byte[Layers.Tar.TarBlock.Size];
        return RandomAccess.Read(handle, block, 0) == block.Length && Layers.Tar.TarBlock.HasRightChecksum(block);
    }
}
