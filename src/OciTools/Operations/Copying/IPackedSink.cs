using OciTools.Stores;
using OciTools.Stores.DockerArchive;
using OciTools.Stores.Engine;

namespace OciTools.Operations.Copying;

/// <summary>Where an image goes that loses its manifest there.</summary>
internal interface IPackedSink
{
    /// <summary>Whether layers may be compressed by zstd.</summary>
    bool TakesZstd { get; }

    /// <summary>Why the digest of the manifest is lost, and what keeps it, in words.</summary>
    string Loss { get; }

    /// <summary>Writes the image; it is there as a whole or not at all.</summary>
    Task WriteAsync(PackedImage image, CancellationToken cancellationToken);
}

/// <summary>Loads an image into an engine.</summary>
/// <param name="engine">The engine.</param>
/// <param name="destination">The name that it gets.</param>
internal sealed class EngineSink(EngineStore engine, ImageLocation destination) : IPackedSink
{
    public bool TakesZstd => !engine.IsPodman;

    public string Loss => "An engine that loads an image knows its config and its layers only, and no registry digest; -UseEngine makes it pull the image itself, which keeps them.";

    public Task WriteAsync(PackedImage image, CancellationToken cancellationToken) => engine.LoadAsync(destination, image, cancellationToken);
}

/// <summary>Writes an archive as <c>docker save</c> does. The file appears when it is whole and on the disk.</summary>
/// <param name="path">The absolute path of the file.</param>
/// <param name="name">The name and tag in the archive; null for none.</param>
/// <param name="replace">Whether an existing file is replaced.</param>
internal sealed class DockerArchiveSink(string path, string? name, bool replace) : IPackedSink
{
    // podman load does not inflate them
    public bool TakesZstd => false;

    public string Loss => "An archive as docker save writes it keeps no manifest; oci-archive: does.";

    public async Task WriteAsync(PackedImage image, CancellationToken cancellationToken)
    {
        AtomicFile.MakeFolder(Path.GetDirectoryName(path)!);
        AtomicFile file = AtomicFile.Create(path, replace);
        await using (file.ConfigureAwait(false))
        {
            await DockerArchiveWriter.WriteAsync(image, name, file.Output, cancellationToken).ConfigureAwait(false);
            await file.CommitDurablyAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
