namespace OciTools;

/// <summary>The root file system of an image, written into a directory of this computer.</summary>
public sealed record ExpandedImage
{
    /// <summary>The canonical name of exactly this image, usable as input.</summary>
    public required string Image { get; init; }

    /// <summary>The absolute path of the directory.</summary>
    public required string Path { get; init; }

    /// <summary>How many regular files were written; one that has several names counts once.</summary>
    public int Files { get; init; }

    /// <summary>How many directories there are, the root included.</summary>
    public int Directories { get; init; }

    /// <summary>How many symbolic links and further names of files (hard links) were made.</summary>
    public int Links { get; init; }

    /// <summary>How many devices and named pipes were made.</summary>
    public int Devices { get; init; }

    /// <summary>The bytes of the contents of the regular files.</summary>
    public long Size { get; init; }

    /// <summary>Whether the files have the owners that they have in the image; otherwise they belong to the user who expanded it. <see cref="Skipped"/> lists those whose owner the file system did not keep.</summary>
    public bool HasOwners { get; init; }

    /// <summary>What is not there, or not as it is in the image, and why.</summary>
    public IReadOnlyList<SkippedFile> Skipped { get; init; } = [];

    /// <summary>How many files are not there or not as they are in the image; more than <see cref="Skipped"/> lists where there are very many.</summary>
    public int SkippedCount { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The canonical name of the image.</summary>
    public override string ToString() => Image;
}
