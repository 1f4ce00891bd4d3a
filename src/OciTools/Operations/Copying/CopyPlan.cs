namespace OciTools.Operations.Copying;

/// <summary>What a copy would do, and then does.</summary>
public abstract class CopyPlan
{
    private protected CopyPlan(string image, ImageLocation destination) => (Image, Destination) = (image, destination);

    /// <summary>The canonical name of the image.</summary>
    public string Image { get; }

    /// <summary>Whether the destination has exactly this image under this name already, so that nothing is sent.</summary>
    public bool IsThere { get; init; }

    /// <summary>The name that the image gets.</summary>
    internal ImageLocation Destination { get; }

    /// <summary>What has the name until then, in words; null for nothing.</summary>
    internal string? Replaced { get; init; }

    /// <summary>The names that would be taken from something else. Each must be agreed to before the copy runs; none with <see cref="CopyOptions.Replace"/>.</summary>
    public IReadOnlyList<NameConflict> Conflicts { get; internal init; } = [];

    /// <summary>The bytes of what travels as far as it is not there; 0 where that is not known.</summary>
    internal virtual long Size => 0;

    /// <summary>The copy in words, for a question to the user.</summary>
    public string Describe()
    {
        string what = $"{DisplayText.Excerpt(Image)} to {DisplayText.Excerpt(Destination.ToString())}";
        if (IsThere) return $"{what}, which is there already";
        string taken = Conflicts.Count > 0 ? NameConflict.Describe(Conflicts) : Replaced is null ? "" : $"; the name is taken from {Replaced}";
        return $"{what}: {Content}{taken}";
    }

    /// <summary>What travels, in words.</summary>
    private protected abstract string Content { get; }

    /// <summary>Copies.</summary>
    internal abstract Task<CopiedImage> RunAsync(ITransferProgress progress, CancellationToken cancellationToken);
}
