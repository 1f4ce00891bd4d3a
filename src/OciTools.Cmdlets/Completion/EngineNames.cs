using OciTools.Loading;
using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.Completion;

/// <summary>The names of the local engine's images, as far as it tells them while somebody waits for a word.</summary>
internal static class EngineNames
{
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(2);
    private static readonly Lock s_lock = new();
    private static string[] s_known = [];
    private static Task s_asking = Task.CompletedTask;
    private static DateTime s_asked = DateTime.MinValue;

    /// <summary>The names, with their transport; those of the last time, or none, where the engine takes longer. An engine on another computer is not asked.</summary>
    internal static string[] Get(Patience patience)
    {
        if (!EngineStore.IsLocal) return [];
        Task asking;
        lock (s_lock)
        {
            if (s_asking.IsCompleted && DateTime.UtcNow - s_asked > s_fresh)
            {
                s_asked = DateTime.UtcNow;
                s_asking = Task.Run(AskAsync);
            }

            asking = s_asking;
        }

        patience.Wait(asking);
        return Volatile.Read(ref s_known);
    }

    private static async Task AskAsync()
    {
        List<string> names = [];
        using CancellationTokenSource end = new(s_fresh);
        try
        {
            EngineStore engine = await EngineStore.OpenAsync(AdaptersContext.Adapters, end.Token).ConfigureAwait(false);
            await foreach (StoredImage image in engine.ListAsync(end.Token).ConfigureAwait(false))
                if (image.Location.Reference is not null) names.Add(image.Location.ToString());
        }
        catch (Exception e) when (e is OciException or OperationCanceledException)
        {
            // no engine, no names
        }

        Volatile.Write(ref s_known, [.. names]);
    }
}
