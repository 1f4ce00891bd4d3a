using OciTools.Stores;
using OciTools.Stores.Engine;
using OciTools.Stores.Layout;

namespace OciTools.Operations.Removing;

/// <summary>
/// Removes tags, manifests and images so that nothing goes that was not named, unless the user says so. All names of one place are taken
/// together, since what may go with one of them depends on the others.
/// </summary>
/// <param name="places">Opens the places.</param>
/// <param name="force">Whether what would be lost was agreed to beforehand.</param>
/// <param name="noReplace">Whether a tag is never replaced so that it can be removed alone.</param>
public sealed class ImageRemoval(ImagePlaces places, bool force, bool noReplace)
{
    private const int MostNamed = 10;

    /// <summary>The names by place: a repository, an engine, a layout.</summary>
    /// <param name="names">The names.</param>
    public static IReadOnlyList<IReadOnlyList<RemovalName>> Group(IEnumerable<RemovalName> names) =>
        [.. names.GroupBy(name => name.Location switch
        {
            { Transport: ImageTransport.Registry } => name.Location.Reference!.Name,
            { Transport: ImageTransport.DockerDaemon } => "docker-daemon:",
            _ => "path:" + name.Location.Path,
        }, StringComparer.Ordinal).Select(IReadOnlyList<RemovalName> (group) => [.. group.DistinctBy(name => name.Location.ToString(), StringComparer.Ordinal)])];

    /// <summary>Plans the removal of the names of one place, asks, removes, and looks again.</summary>
    /// <param name="names">The names, all of the same place.</param>
    /// <param name="dialog">Asks, and takes what happened.</param>
    /// <param name="cancellationToken">Stops it; what was begun is finished.</param>
    /// <exception cref="UnsupportedException">Nothing is removed from there (<c>UnsupportedPlace</c>).</exception>
    public async Task RunAsync(IReadOnlyList<RemovalName> names, IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(dialog);
        IRemovalPlanner planner = await OpenAsync(names, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<RemovalUnit> units = await planner.PlanAsync(names, dialog, cancellationToken).ConfigureAwait(false);
        List<RemovalName> approved = [];
        foreach (RemovalUnit unit in units)
            if (await IsYesAsync(unit, dialog, () => dialog.AskAsync(WithLosses(unit), unit.IsRemote, cancellationToken)).ConfigureAwait(false)) approved.AddRange(unit.Names);

        // what may go depends on all that goes, so that a no changes the rest
        if (approved.Count < units.Sum(unit => unit.Names.Count)) units = await planner.PlanAsync(approved, dialog, cancellationToken).ConfigureAwait(false);
        List<RemovalUnit> agreed = [];
        while (true)
        {
            List<RemovalUnit> next = [];
            foreach (RemovalUnit unit in units)
                if (IsCovered(unit, agreed) || await IsYesAsync(unit, dialog, () => dialog.AskAboutLossAsync($"{WithLosses(unit)} Remove it?", cancellationToken)).ConfigureAwait(false)) next.Add(unit);
            agreed = next;
            if (agreed.Count == units.Count) break;
            // a no to one may let another lose more than was agreed to
            units = await planner.PlanAsync([.. agreed.SelectMany(unit => unit.Names)], dialog, cancellationToken).ConfigureAwait(false);
        }

        dialog.IsDecided();

        try
        {
            foreach (RemovalUnit unit in agreed) await RunAsync(unit, dialog, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await planner.FinishAsync(dialog).ConfigureAwait(false);
        }
    }

    private static async Task RunAsync(RemovalUnit unit, IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        try
        {
            await unit.RunAsync(dialog, cancellationToken).ConfigureAwait(false);
        }
        catch (OciException e)
        {
            foreach (RemovalName name in unit.Names) dialog.Failed(e, name.Text);
        }
    }

    private static async Task<bool> IsYesAsync(RemovalUnit unit, IRemovalDialog dialog, Func<Task<bool>> ask)
    {
        try
        {
            return await ask().ConfigureAwait(false);
        }
        catch (RefusedException e)
        {
            foreach (RemovalName name in unit.Names) dialog.Failed(e, name.Text);
            return false;
        }
    }

    private bool IsCovered(RemovalUnit unit, List<RemovalUnit> agreed) =>
        force || unit.Losses.All(loss => agreed.Exists(other => other.Names[0] == unit.Names[0] && other.Losses.Contains(loss)));

    private static string WithLosses(RemovalUnit unit) => unit.Losses.Count == 0 ? unit.Describe() : $"{unit.Describe()}. {LossesOf(unit)}";

    private static string LossesOf(RemovalUnit unit)
    {
        string more = unit.Losses.Count > MostNamed ? $" and {unit.Losses.Count - MostNamed} more" : "";
        return $"Lost with it, although not named: {string.Join(", ", unit.Losses.Take(MostNamed).Select(loss => DisplayText.Excerpt(loss, 200)))}{more}.";
    }

    private async Task<IRemovalPlanner> OpenAsync(IReadOnlyList<RemovalName> names, CancellationToken cancellationToken)
    {
        ImageLocation first = names[0].Location;
        foreach (RemovalName name in names) ArgumentNullException.ThrowIfNull(name);
        (IImageStore store, ImageLocation location) = await places.OpenAsync(first, cancellationToken).ConfigureAwait(false);
        return store switch
        {
            IImageRemover registry => new RegistryRemoval(registry, location, noReplace),
            EngineStore engine => new EngineRemoval(engine, force),
            OciLayoutStore layout when location.Transport == ImageTransport.Oci => new LayoutRemoval(layout),
            _ => throw ErrorCatalogue.UnsupportedPlace.Error($"Nothing is removed from '{DisplayText.Excerpt(first.ToString())}'.", recommendation: "Name images of a registry, of an engine or of a layout directory."),
        };
    }
}
