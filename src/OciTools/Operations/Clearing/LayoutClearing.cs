using OciTools.Stores.Layout;

namespace OciTools.Operations.Clearing;

/// <summary>What clearing a layout would remove: blobs that nothing refers to, and what writers that do not run any more have left.</summary>
internal sealed class LayoutClearing : ClearingPlan
{
    private readonly LayoutSweep _sweep;
    private readonly ImageLocation _layout;
    private readonly IReadOnlyList<UnusedFile> _files;

    private LayoutClearing(LayoutSweep sweep, ImageLocation layout, IReadOnlyList<UnusedFile> files, IReadOnlyList<RemovedImage> items)
        : base(items) => (_sweep, _layout, _files) = (sweep, layout, files);

    internal static async Task<ClearingPlan> PlanAsync(LayoutSweep sweep, ImageLocation layout, ClearingChoices choices, CancellationToken cancellationToken)
    {
        if (choices.Filter.IsForImages)
            throw ErrorCatalogue.InvalidFilter.Error($"'{DisplayText.Excerpt(layout.ToString())}' is cleared of blobs, which have no name and no label.", recommendation: "For a layout write kind=Blob, kind=PartialBlob or kind=Leftover.");
        try
        {
            List<UnusedFile> files = [.. (await sweep.FindAsync(cancellationToken).ConfigureAwait(false)).Where(file => choices.IsOldEnough(file.Written) && choices.Filter.Fits(file.Kind))];
            return new LayoutClearing(sweep, layout, files, [.. files.Select(file => Describe(layout, file))]);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw ErrorCatalogue.ReadFailed.Error($"The OCI layout '{DisplayText.Excerpt(layout.Path)}' cannot be read: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    /// <inheritdoc/>
    public override async Task RunAsync(IReadOnlyList<int> approved, Action<RemovedImage> removed, Action<RemovedImage, OciException> failed, CancellationToken cancellationToken)
    {
        if (approved.Count == 0) return;
        try
        {
            await _sweep.RemoveAsync(
                approved.Select(i => _files[i]),
                file => removed(Describe(_layout, file)),
                (file, e) => failed(Describe(_layout, file), ErrorCatalogue.WriteFailed.Error($"'{DisplayText.Excerpt(file.Path)}' cannot be removed: {DisplayText.Excerpt(e.Message)}", e)),
                cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfDisk(e))
        {
            throw ErrorCatalogue.WriteFailed.Error($"The OCI layout '{DisplayText.Excerpt(_layout.Path)}' cannot be cleared: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    private static RemovedImage Describe(ImageLocation layout, UnusedFile file) => new()
    {
        Image = (file.Digest is null ? layout : layout.WithName(null, file.Digest)).ToString(),
        Kind = file.Kind,
        Digest = file.Digest?.ToString(),
        Size = file.Size,
        Reason = file.Kind switch
        {
            RemovedKind.Blob => "nothing refers to it",
            RemovedKind.PartialBlob => "a copy that was stopped has left it",
            _ => $"a process that was killed has left '{DisplayText.Excerpt(Path.GetFileName(file.Path))}'",
        },
    };

    private static bool IsOfDisk(Exception e) => e is IOException or UnauthorizedAccessException;
}
