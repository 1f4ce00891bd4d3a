using System.Diagnostics.CodeAnalysis;

namespace OciTools;

/// <summary>The sizes of one layer of an image, in bytes.</summary>
public sealed record LayerSize : ImageLayer
{
    [SetsRequiredMembers]
    internal LayerSize(ImageLayer layer)
        : base(layer)
    {
    }

    /// <summary>Why the size of the tar could not be estimated; null where it was, and where no estimate was asked for.</summary>
    public string? EstimateReason { get; init; }
}
