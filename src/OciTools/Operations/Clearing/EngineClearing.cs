using OciTools.Stores.Engine;

namespace OciTools.Operations.Clearing;

/// <summary>
/// What clearing an engine would remove: images that no container was made from, whether it runs or not, and build cache. What others are
/// built on comes after them, and stays where one of them does.
/// </summary>
internal sealed class EngineClearing : ClearingPlan
{
    private readonly EngineCleaner _cleaner;
    private readonly IReadOnlyList<object> _targets;

    private EngineClearing(EngineCleaner cleaner, IReadOnlyList<object> targets)
        : base([.. targets.Select(target => target is EngineUsedImage image ? Describe(image) : Describe((EngineCacheRecord)target))]) => (_cleaner, _targets) = (cleaner, targets);

    internal static async Task<ClearingPlan> PlanAsync(EngineStore engine, ClearingChoices choices, IOperationLog log, CancellationToken cancellationToken)
    {
        EngineUsage usage = await engine.Cleaner.ReadAsync(cancellationToken).ConfigureAwait(false);
        ILookup<Digest, EngineContainer> containers = usage.Containers.Where(container => container.Image is not null).ToLookup(container => container.Image!);
        List<object> targets =
        [
            .. ChildrenFirst(usage.Images, image => image.Id, image => image.Parent is { } parent ? [parent] : [], image => IsWanted(image, choices) && !IsUsed(image)),
            .. ChildrenFirst(usage.Cache, record => record.Id, record => record.Parents, record => IsWanted(record, choices)),
        ];
        return new EngineClearing(engine.Cleaner, targets);

        bool IsUsed(EngineUsedImage image)
        {
            if (!containers.Contains(image.Id)) return false;
            if (containers[image.Id].All(container => !container.IsRunning))
                log.Warning($"{NameOf(image)} stays: {string.Join(", ", containers[image.Id].Select(container => container.Name))}, which does not run, was made from it.");
            return true;
        }
    }

    /// <inheritdoc/>
    public override async Task RunAsync(IReadOnlyList<int> approved, Action<RemovedImage> removed, Action<RemovedImage, OciException> failed, CancellationToken cancellationToken)
    {
        foreach (int i in approved)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await (_targets[i] is EngineUsedImage image ? _cleaner.RemoveAsync(image, cancellationToken) : _cleaner.RemoveAsync((EngineCacheRecord)_targets[i], cancellationToken)).ConfigureAwait(false);
                removed(Items[i]);
            }
            catch (OciException e) when (e.Kind is ErrorKind.Conflict or ErrorKind.NotFound or ErrorKind.Unavailable)
            {
                // of this one; where the engine does not answer, the next one has no better chance
                failed(Items[i], e);
            }
        }
    }

    private static bool IsWanted(EngineUsedImage image, ClearingChoices choices) =>
        (choices.All || (image.Tags.Count == 0 && image.RegistryNames.Count == 0)) && choices.IsOldEnough(image.Created)
        && choices.Filter.Fits([.. image.Tags, .. image.RegistryNames], image.Labels);

    private static bool IsWanted(EngineCacheRecord record, ClearingChoices choices) =>
        !record.IsInUse && (choices.All || !record.IsShared) && choices.IsOldEnough(record.LastUsed) && choices.Filter.Fits(RemovedKind.BuildCache);

    // Those that are wanted, each behind all that were made from it, and only if these are wanted too.
    private static List<T> ChildrenFirst<T, TKey>(IReadOnlyList<T> all, Func<T, TKey> keyOf, Func<T, IEnumerable<TKey>> parentsOf, Func<T, bool> isWanted)
        where T : class
        where TKey : notnull
    {
        Dictionary<TKey, List<T>> children = [];
        foreach (T item in all)
            foreach (TKey parent in parentsOf(item))
            {
                if (!children.TryGetValue(parent, out List<T>? list)) children[parent] = list = [];
                list.Add(item);
            }

        List<T> ordered = [];
        HashSet<TKey> seen = [];
        // what claims to be its own ancestor is never among them, and stays
        HashSet<TKey> going = [];
        // last in, first out
        Stack<(T Item, bool AreChildrenDecided)> open = new(all.Reverse().Select(item => (item, false)));
        while (open.TryPop(out (T Item, bool AreChildrenDecided) next))
        {
            (T item, bool areChildrenDecided) = next;
            List<T> own = children.GetValueOrDefault(keyOf(item)) ?? [];
            if (!areChildrenDecided)
            {
                if (!seen.Add(keyOf(item))) continue;
                open.Push((item, true));
                for (int i = own.Count - 1; i >= 0; i--) open.Push((own[i], false));
            }
            else if (own.TrueForAll(child => going.Contains(keyOf(child))) && isWanted(item))
            {
                going.Add(keyOf(item));
                ordered.Add(item);
            }
        }

        return ordered;
    }

    private static string NameOf(EngineUsedImage image) => ImageLocation.FromEngine(image.Tags.Count > 0 ? image.Tags[0] : image.Id.ToString()).ToString();

    private static RemovedImage Describe(EngineUsedImage image) => new()
    {
        Image = NameOf(image),
        Kind = RemovedKind.Image,
        Digest = image.Id.ToString(),
        Size = image.OwnSize,
        Reason = image.Tags.Count > 0 || image.RegistryNames.Count > 0
            ? $"no container was made from it{(image.Tags.Count > 1 ? $"; it is also {string.Join(", ", image.Tags.Skip(1))}" : "")}"
            : "it has no name, and no container was made from it",
    };

    private static RemovedImage Describe(EngineCacheRecord record) => new()
    {
        Image = ImageLocation.Engine.ToString(),
        Kind = RemovedKind.BuildCache,
        Digest = record.Id,
        Size = record.Size,
        Reason = record.Description.Length > 0 ? $"no build uses it: {DisplayText.Excerpt(record.Description, 80)}" : "no build uses it",
    };
}
