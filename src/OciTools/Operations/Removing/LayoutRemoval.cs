using OciTools.Stores;
using OciTools.Stores.Layout;

namespace OciTools.Operations.Removing;

/// <summary>Plans removals from a layout: entries of its index. The blobs stay until the layout is cleared.</summary>
/// <param name="layout">The layout.</param>
internal sealed class LayoutRemoval(OciLayoutStore layout) : IRemovalPlanner
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<RemovalUnit>> PlanAsync(IReadOnlyList<RemovalName> names, IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        List<StoredImage> entries = [];
        await foreach (StoredImage entry in layout.ListAsync(cancellationToken).ConfigureAwait(false)) entries.Add(entry);
        List<(RemovalName Name, List<StoredImage> Entries)> named = [];
        foreach (RemovalName name in names)
        {
            try
            {
                named.Add((name, await EntriesOfAsync(name.Location, entries, cancellationToken).ConfigureAwait(false)));
            }
            catch (NotFoundException e)
            {
                dialog.Failed(e, name.Text);
            }
        }

        // a digest means all entries of it, and those that were not named by themselves are lost with it
        HashSet<StoredImage> own = [.. named.Where(one => one.Name.Location.Digest is null).SelectMany(one => one.Entries)];
        List<RemovalUnit> units = [];
        foreach ((RemovalName name, List<StoredImage> found) in named)
        {
            bool isDigest = name.Location.Digest is not null;
            string[] losses = isDigest && found.Count > 1 ? [.. found.Where(entry => !own.Contains(entry)).Select(entry => $"the name {entry.Location}")] : [];
            units.Add(new LayoutEntryRemoval(name, layout, isDigest ? [.. found.Where(entry => !own.Contains(entry))] : found, losses));
        }

        return units;
    }

    private async Task<List<StoredImage>> EntriesOfAsync(ImageLocation name, List<StoredImage> entries, CancellationToken cancellationToken)
    {
        StoredImage found = await layout.ResolveAsync(name.WithTransport(ImageTransport.Oci), cancellationToken).ConfigureAwait(false);
        List<StoredImage> own = name.Digest is { } digest
            ? [.. entries.Where(entry => entry.Manifest!.GetDigest() == digest)]
            : [.. entries.Where(entry => entry.Location.Equals(found.Location)).Take(1)];
        return own.Count > 0 ? own : throw ErrorCatalogue.ImageNotFound.Error($"{DisplayText.Excerpt(name.ToString())} is a part of an index and has no entry of its own that could be removed.");
    }
}

/// <summary>Entries of one image in a layout's index that go.</summary>
internal sealed class LayoutEntryRemoval(RemovalName name, OciLayoutStore layout, IReadOnlyList<StoredImage> entries, IReadOnlyList<string> losses) : RemovalUnit([name])
{
    /// <inheritdoc/>
    internal override IReadOnlyList<string> Losses { get; } = losses;

    /// <inheritdoc/>
    internal override string Describe() => $"{DisplayText.Excerpt(name.Location.ToString())}, the entry of {(entries.Count > 0 ? entries[0].Manifest!.Digest : "an image that goes by its names")}; its blobs stay until Clear-ImageStore";

    /// <inheritdoc/>
    internal override async Task RunAsync(IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        foreach (StoredImage entry in entries)
        {
            bool isGone = await layout.RemoveEntryAsync(entry.Manifest!, cancellationToken).ConfigureAwait(false);
            dialog.Removed(new RemovedImage
            {
                Image = entry.Location.ToString(),
                Kind = RemovedKind.Entry,
                Digest = entry.Manifest!.Digest,
                IsGone = isGone,
                AlsoLost = Losses,
                Reason = "its blobs stay until the layout is cleared",
            });
        }
    }
}
