namespace OciTools;

/// <summary>A file of an image that is not on the disk as it is in the image, and why.</summary>
public sealed record SkippedFile
{
    /// <summary>The path inside the image. A byte that is not UTF-8 is written as <c>\xNN</c>.</summary>
    public required string FilePath { get; init; }

    /// <summary>Why, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether the file is there, only without something that it has in the image.</summary>
    public bool IsWritten { get; init; }

    /// <summary>The path and the reason.</summary>
    public override string ToString() => $"{FilePath}: {Reason}";
}
