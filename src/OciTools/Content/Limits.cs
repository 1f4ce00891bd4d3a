namespace OciTools;

/// <summary>The limits on what is read from outside, in one place; what one reader alone goes by stands with it.</summary>
public static class Limits
{
    /// <summary>The largest manifest or index, in bytes (distribution-spec asks registries to take at least 4 MiB).</summary>
    public const int Manifest = 4 * 1024 * 1024;

    /// <summary>The largest config, in bytes.</summary>
    public const int Config = 4 * 1024 * 1024;

    /// <summary>
    /// The largest size that a descriptor may state, in bytes (32 TiB): no blob comes near it, and the sizes of all descriptors that fit
    /// into one document add up without overflow.
    /// </summary>
    public const long Blob = 1L << 45;

    /// <summary>The largest answer of a token server, in bytes.</summary>
    public const int Token = 1024 * 1024;

    /// <summary>The most that is read of an error answer, in bytes.</summary>
    public const int ErrorBody = 1024 * 1024;

    /// <summary>The largest page of a registry's list of tags or repositories, in bytes; some registries send all names at once.</summary>
    public const int ListPage = 16 * 1024 * 1024;

    /// <summary>The most names on one page of a registry's list.</summary>
    public const int ListPageNames = 1_000_000;

    /// <summary>The most pages of a registry's list.</summary>
    public const int ListPages = 10_000;

    /// <summary>The most pages of a registry's list that may follow each other without a name.</summary>
    public const int EmptyListPages = 16;

    /// <summary>The most referrers of one document.</summary>
    public const int Referrers = 10_000;

    /// <summary>How many times over what refers to an image may be referred to.</summary>
    public const int ReferrerDepth = 8;

    /// <summary>The most documents of a layout or archive that are read to find the referrers among them.</summary>
    public const int LayoutDocuments = 100_000;

    /// <summary>The longest address of the next page of a registry's list, in characters.</summary>
    public const int PageAddress = 8 * 1024;

    /// <summary>The largest answer of an engine to an inspect, history or list call, in bytes.</summary>
    public const int EngineDocument = 64 * 1024 * 1024;

    /// <summary>The largest index file of a layout or archive (<c>index.json</c>, <c>manifest.json</c>, <c>repositories</c>), in bytes.</summary>
    public const int StoreIndex = 16 * 1024 * 1024;

    /// <summary>The largest metadata entry of a tar (PAX header, GNU long name), in bytes.</summary>
    public const int TarMetadata = 1024 * 1024;

    /// <summary>The most metadata entries of a tar before one entry.</summary>
    public const int TarMetadataEntries = 16;

    /// <summary>The most extended attributes of an entry of a tar.</summary>
    public const int TarAttributes = 256;

    /// <summary>The most pieces of a sparse file in a tar.</summary>
    public const int TarSparsePieces = 1_000_000;

    /// <summary>Up to this size compressed content may inflate at any ratio, in bytes (1 GiB).</summary>
    public const long InflatedFloor = 1L << 30;

    /// <summary>Beyond that, content that inflates to more than this many times its compressed size is refused.</summary>
    public const int InflatedRatio = 200;

    /// <summary>The most entries of an archive whose names are kept.</summary>
    public const int ArchiveEntries = 1_000_000;

    /// <summary>The largest credentials file or answer of a credential helper, in bytes.</summary>
    public const int CredentialDocument = 1024 * 1024;

    /// <summary>How deep JSON may be nested.</summary>
    public const int JsonDepth = 64;

    /// <summary>How deep indexes may be nested.</summary>
    public const int IndexDepth = 8;

    /// <summary>The largest window of a zstd frame, as a power of two (128 MiB, what the zstd tool takes by default).</summary>
    public const int ZstdWindowLog = 27;

    /// <summary>The most entries of all layers of an image together, with the directories that they only imply, unless the user allows more.</summary>
    public const int FileEntries = 5_000_000;

    /// <summary>The most bytes that paths, link texts and attributes of all layers of an image take together, unless the user allows more.</summary>
    public const long EntryBytes = 512L * 1024 * 1024;

    /// <summary>The longest path of an entry or target of a link, in bytes (PATH_MAX of Linux).</summary>
    public const int PathLength = 4096;

    /// <summary>How many symbolic links are followed on the way to one file, as the libraries of container engines do.</summary>
    public const int SymbolicLinks = 255;

    /// <summary>How many small requests for the documents and blobs of one image run at once.</summary>
    public const int RequestsAtOnce = 8;

    /// <summary>How many layers are read at once.</summary>
    public const int LayersAtOnce = 4;

    /// <summary>The most files that are listed as skipped when an image is expanded; those beyond are counted.</summary>
    public const int SkippedFiles = 100_000;

    /// <summary>The largest file that says which directory OciTools made, in bytes.</summary>
    public const int ExpansionMarker = 64 * 1024;
}
