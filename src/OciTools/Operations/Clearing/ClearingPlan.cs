namespace OciTools.Operations.Clearing;

/// <summary>What clearing a place would remove. Only what is shown here goes, and only if nothing needs it at that moment either.</summary>
public abstract class ClearingPlan
{
    private protected ClearingPlan(IReadOnlyList<RemovedImage> items) => Items = items;

    /// <summary>What would go, in the order in which it goes.</summary>
    public IReadOnlyList<RemovedImage> Items { get; }

    /// <summary>An item in words, for a question to the user.</summary>
    /// <param name="item">One of <see cref="Items"/>.</param>
    public static string Describe(RemovedImage item)
    {
        ArgumentNullException.ThrowIfNull(item);
        string name = item.Digest is null || item.Image.Contains(item.Digest, StringComparison.Ordinal) ? "" : $" ({item.Digest})";
        return $"{item.Kind} {DisplayText.Excerpt(item.Image)}{name}, {(item.Size is { } size ? DisplayText.Count(size, "byte") : "of unknown size")}: {DisplayText.Clean(item.Reason)}";
    }

    /// <summary>Removes items.</summary>
    /// <param name="approved">Positions in <see cref="Items"/>, ascending.</param>
    /// <param name="removed">Gets each item that is gone.</param>
    /// <param name="failed">Gets each item that could not be removed, and why; the others go on.</param>
    /// <param name="cancellationToken">Stops between two items.</param>
    public abstract Task RunAsync(IReadOnlyList<int> approved, Action<RemovedImage> removed, Action<RemovedImage, OciException> failed, CancellationToken cancellationToken);
}
