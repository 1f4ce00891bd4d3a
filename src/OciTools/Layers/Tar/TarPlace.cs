namespace OciTools.Layers.Tar;

/// <summary>Where the reading of a tar stands, for messages.</summary>
internal sealed class TarPlace
{
    internal TarPlace(string what) => What = what;

    /// <summary>What the tar is and where it lies.</summary>
    internal string What { get; }

    /// <summary>Where the header that is being read starts.</summary>
    internal long Offset { get; set; }

    /// <summary>The error for a header that is not taken.</summary>
    internal OciException Refuse(string why) =>
        ErrorCatalogue.MalformedContent.Error($"{What}: the tar header at byte {Offset} is refused: {why}.");

    /// <summary>The error for a header that names more of something than anybody needs.</summary>
    internal OciException TooMany(string things, int most) =>
        ErrorCatalogue.TooLarge.Error($"{What}: the tar header at byte {Offset} is refused: it names more than {most} {things}.");

    /// <summary>The error for a tar that ends too early.</summary>
    internal OciException Cut(long position) =>
        ErrorCatalogue.MalformedContent.Error($"{What} is cut short: it ends at byte {position} without the end mark of a tar.");

    /// <summary>The error for a tar that ends in the middle of an entry.</summary>
    internal OciException CutWithinEntry(long position) =>
        ErrorCatalogue.MalformedContent.Error($"{What} is cut short: it ends at byte {position}, within the entry that begins at byte {Offset}.");

    /// <summary>The error for bytes behind the end mark.</summary>
    internal OciException MoreBytes(long position) =>
        ErrorCatalogue.MalformedContent.Error($"{What} has bytes after the end mark of the tar, near byte {position}.");
}
