namespace OciTools;

/// <summary>What was removed.</summary>
public enum RemovedKind
{
    /// <summary>The tag of an image, which stays under its digest or under other tags.</summary>
    Tag,

    /// <summary>A manifest or index of a registry, with its tags.</summary>
    Manifest,

    /// <summary>An image of an engine.</summary>
    Image,

    /// <summary>The entry of a layout's index.</summary>
    Entry,

    /// <summary>A blob of a layout.</summary>
    Blob,

    /// <summary>A part of a blob, which a copy that was stopped has left in a layout.</summary>
    PartialBlob,

    /// <summary>Another file that a process has left in a layout when it was killed.</summary>
    Leftover,

    /// <summary>A record of an engine's build cache.</summary>
    BuildCache,
}
