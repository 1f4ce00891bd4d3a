using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>Takes the contents of the files of one layer while its tar passes by, one file after the other. Nothing is proved yet.</summary>
internal interface IFileContents : IAsyncDisposable
{
    /// <summary>A file begins.</summary>
    /// <param name="index">The index of its entry in the layer.</param>
    /// <param name="header">The entry.</param>
    /// <returns>Whether its content is wanted.</returns>
    bool Begin(int index, TarHeader header);

    /// <summary>Some of its stored content; of a sparse file its segments back to back.</summary>
    void Write(ReadOnlySpan<byte> data);

    /// <summary>The file ends.</summary>
    void End();

    /// <summary>The layer was proved, and no more files come; not called if that fails.</summary>
    void Finish();
}
