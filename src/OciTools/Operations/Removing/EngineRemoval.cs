using OciTools.Stores.Engine;

namespace OciTools.Operations.Removing;

/// <summary>Plans removals from an engine. A tag goes alone, and with its last tag the image; an image that is named by its id goes with all its tags.</summary>
/// <param name="engine">The engine.</param>
/// <param name="force">Whether images go that containers were made of which do not run.</param>
internal sealed class EngineRemoval(EngineStore engine, bool force) : IRemovalPlanner
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<RemovalUnit>> PlanAsync(IReadOnlyList<RemovalName> names, IRemovalDialog dialog, CancellationToken cancellationToken)
    {
        Dictionary<Digest, (List<RemovalName> Names, IReadOnlyList<string> Tags)> images = [];
        foreach (RemovalName name in names)
        {
            try
            {
                (Digest id, IReadOnlyList<string> tags) = await engine.ReadNamesAsync(name.Location, cancellationToken).ConfigureAwait(false);
                if (!images.TryAdd(id, ([name], tags))) images[id].Names.Add(name);
            }
            catch (NotFoundException e)
            {
                dialog.Failed(e, name.Text);
            }
        }

        return [.. images.Select(image => new EngineImageRemoval(engine, image.Key, image.Value.Names, image.Value.Tags, force))];
    }

    /// <summary>Whether an engine has a name.</summary>
    internal static async Task<bool> IsThereAsync(EngineStore engine, ImageLocation name, CancellationToken cancellationToken)
    {
        try
        {
            await engine.ReadNamesAsync(name, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }
}
