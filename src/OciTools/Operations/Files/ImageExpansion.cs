using System.Diagnostics;
using OciTools.FileTrees;
using OciTools.FileTrees.Expanding;

namespace OciTools.Operations.Files;

/// <summary>
/// Writes the root file system of an image into a directory. Every layer is read once and proved; contents go into files that have no
/// name of the image yet, and get their places when all layers are proved and merged. Nothing is visible before, and nothing is left of
/// what fails or is stopped.
/// </summary>
/// <param name="reading">How layers are read.</param>
public sealed class ImageExpansion(LayerReading reading)
{
    /// <summary>Finds out what would be written.</summary>
    /// <param name="inspector">Opens images.</param>
    /// <param name="image">The image.</param>
    /// <param name="platform">Selects the image of an index; null chooses one.</param>
    /// <param name="choices">What is written, and where.</param>
    /// <param name="cancellationToken">Stops the planning.</param>
    /// <exception cref="NotFoundException">There is no such image, or none for the platform (<c>ImageNotFound</c>, <c>PlatformNotFound</c>).</exception>
    /// <exception cref="UnsupportedException">It is an artifact and no container image (<c>NotAnImage</c>).</exception>
    /// <exception cref="ConflictException">Something is there already (<c>FileExists</c>, <c>NotMadeByOciTools</c>).</exception>
    public static async Task<Plan> PlanAsync(ImageInspector inspector, ImageLocation image, Platform? platform, ExpansionChoices choices, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(inspector);
        ArgumentNullException.ThrowIfNull(choices);
        PathSelection selection = new(choices.Patterns, choices.Literals);
        OpenedImage opened = await inspector.OpenAsync(image, platform, cancellationToken).ConfigureAwait(false);
        ImageConfig config = await opened.ConfigAsync(cancellationToken).ConfigureAwait(false);
        ExpansionDestination destination = ExpansionDestination.Plan(choices.Destination, choices.Replace, opened.Log, out ExpansionMarker? replaced);
        return new Plan(opened, opened.Manifest?.Digest ?? config.ImageId, choices, selection, destination, replaced);
    }

    /// <summary>Writes the files.</summary>
    /// <param name="plan">The plan; for one run.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left then.</param>
    /// <exception cref="ConflictException">Something is there already, or cannot be written (<c>FileExists</c>, <c>WriteFailed</c>).</exception>
    /// <exception cref="NotFoundException">A named path is not in the image (<c>FileNotFound</c>).</exception>
    public async Task<ExpandedImage> RunAsync(Plan plan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        long start = Stopwatch.GetTimestamp();
        using ExpansionDestination destination = plan.Destination;
        destination.Begin();
        Expander expander = await WriteAsync(plan, cancellationToken).ConfigureAwait(false);
        await destination.CommitAsync(plan.Image, plan.Digest, cancellationToken).ConfigureAwait(false);
        if (expander.Skipped.Count > 0)
            plan.Opened.Log.Warning($"{DisplayText.Count(expander.Skipped.Count, "file")} of {DisplayText.Excerpt(plan.Image)} could not be written to '{DisplayText.Excerpt(destination.Path)}' as in the image; Skipped says which.");
        return new ExpandedImage
        {
            Image = plan.Image,
            Path = destination.Path,
            Files = expander.Files,
            Directories = expander.Directories,
            Links = expander.Links,
            Devices = expander.Devices,
            Size = expander.Size,
            HasOwners = plan.SetsOwners,
            Skipped = expander.Skipped.Files,
            SkippedCount = expander.Skipped.Count,
            Duration = Stopwatch.GetElapsedTime(start),
        };
    }

    private async Task<Expander> WriteAsync(Plan plan, CancellationToken cancellationToken)
    {
        ITreeTarget target = null!;
        ExpansionDestination.Guard(plan.Destination.Path, () => target = LocalFolder.Open(plan.Destination.Partial, plan.Destination.Staging, plan.SetsOwners));
        StagedLayers staged = new(target, plan.Selection);
        try
        {
            FileTree tree = await TreeReading.ReadAsync(plan.Opened, reading, staged.Add, cancellationToken).ConfigureAwait(false);
            if (tree.Entries.Layers is [{ IsWindows: true }, ..])
                plan.Opened.Log.Warning($"Security descriptors and attributes of Windows in {DisplayText.Excerpt(plan.Image)} are not set.");
            Inclusion inclusion = Inclusion.Of(tree, plan.Selection, plan.Image);
            await AddMissingAsync(plan, tree, inclusion, staged, cancellationToken).ConfigureAwait(false);
            Expander expander = new(tree, inclusion, target, staged.LostOf, cancellationToken);
            ExpansionDestination.Guard(plan.Destination.Path, expander.Write);
            return expander;
        }
        catch (StagingException e)
        {
            throw ExpansionDestination.CannotWrite(plan.Destination.Path, e.InnerException!);
        }
        finally
        {
            await staged.DisposeAsync().ConfigureAwait(false);
            target.Dispose();
        }
    }

    // Of a selection the contents that are meant by their paths are there. A link may lead to others, which takes a second reading.
    private async Task AddMissingAsync(Plan plan, FileTree tree, Inclusion inclusion, StagedLayers staged, CancellationToken cancellationToken)
    {
        Dictionary<int, HashSet<int>> missing = staged.MissingOf(tree, inclusion);
        if (missing.Count == 0) return;
        plan.Opened.Log.Verbose($"{DisplayText.Excerpt(plan.Image)}: reads {DisplayText.Count(missing.Count, "layer")} again, since links lead to contents there.");
        await TreeReading.ReadLayersAsync(plan.Opened, reading, [.. missing.Keys], layer => staged.Add(layer, missing[layer.Layer].Contains), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What an expansion would write.</summary>
    public sealed class Plan
    {
        internal Plan(OpenedImage opened, string? digest, ExpansionChoices choices, PathSelection selection, ExpansionDestination destination, ExpansionMarker? replaced)
        {
            Opened = opened;
            Digest = digest;
            Selection = selection;
            Destination = destination;
            Replaced = replaced;
            SetsOwners = !choices.NoOwner && LocalFolder.MaySetOwners;
        }

        /// <summary>The canonical name of the image.</summary>
        public string Image => Opened.Name;

        internal OpenedImage Opened { get; }

        internal string? Digest { get; }

        internal PathSelection Selection { get; }

        internal ExpansionDestination Destination { get; }

        internal ExpansionMarker? Replaced { get; }

        internal bool SetsOwners { get; }

        /// <summary>The directory in words, for a question to the user.</summary>
        public string Describe() => $"{DisplayText.Excerpt(Destination.Path)}: {(Selection.IsAll ? "the root file system" : "some files")} of {DisplayText.Excerpt(Image)}"
            + (Replaced is null ? "" : $", which replaces the directory made from {Replaced.Describe()}");
    }
}
