using OciTools.Stores;

namespace OciTools.Operations.Removing;

/// <summary>
/// The tags that list what refers to a document, as far as they name what was removed. Each is written once, when all that was to go is gone:
/// what could not be removed stays on its list.
/// </summary>
/// <param name="store">The registry.</param>
/// <param name="repository">Any name in the repository.</param>
internal sealed class ReferrerLists(IImageRemover store, ImageLocation repository)
{
    // what was begun is finished also when the user has stopped the command
    private static readonly TimeSpan s_finishTime = TimeSpan.FromMinutes(1);

    private readonly List<(Digest Subject, Digest Artifact, string Name)> _gone = [];

    /// <summary>Takes note of an artifact that was removed.</summary>
    /// <param name="subject">What it referred to.</param>
    /// <param name="artifact">Its digest.</param>
    /// <param name="name">The name that it was given under.</param>
    internal void Add(Digest subject, Digest artifact, string name) => _gone.Add((subject, artifact, name));

    /// <summary>Writes the lists.</summary>
    /// <param name="dialog">Told of what stays on a list.</param>
    internal async Task WriteAsync(IRemovalDialog dialog)
    {
        using CancellationTokenSource finish = new(s_finishTime);
        foreach (IGrouping<Digest, (Digest Subject, Digest Artifact, string Name)> list in _gone.GroupBy(one => one.Subject))
        {
            try
            {
                await store.UnlistAsync(repository, list.Key, list.Select(one => one.Artifact), finish.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OciException or OperationCanceledException)
            {
                foreach ((_, Digest artifact, string name) in list)
                    dialog.Failed(ErrorCatalogue.NotRemoved.Error($"{artifact} is removed, and still on the list of what refers to {list.Key}: {e.Message}", e), name);
            }
        }

        _gone.Clear();
    }
}
