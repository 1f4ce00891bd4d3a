namespace OciTools;

/// <summary>A repository of a registry.</summary>
public sealed record ImageRepository
{
    /// <summary>The canonical name of the repository, without a tag; as input it stands for the repository where one is asked for, else for its tag <c>latest</c>.</summary>
    public required string Image { get; init; }

    /// <summary>Host and port of the registry.</summary>
    public required string Registry { get; init; }

    /// <summary>The path of the repository, without the host.</summary>
    public required string Repository { get; init; }

    /// <summary>The canonical name.</summary>
    public override string ToString() => Image;
}
