namespace OciTools.Stores.Files;

/// <summary>
/// Things that take room on the disk, each made once for its key. What is used stays; of what nobody uses only the ones that were used last
/// are kept, and the others are closed.
/// </summary>
/// <param name="mostUnused">How many are kept that nobody uses.</param>
internal sealed class FewKept<TKey, T>(int mostUnused) : IAsyncDisposable
    where TKey : notnull
    where T : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Kept> _kept = [];
    private long _uses;
    private bool _isClosed;

    /// <summary>The thing of a key, to be given back; null where there is none.</summary>
    /// <exception cref="ObjectDisposedException">All are closed.</exception>
    internal Kept? TryTake(TKey key)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (!_kept.TryGetValue(key, out Kept? kept)) return null;
            kept.Users++;
            return kept;
        }
    }

    /// <summary>The thing of a key, to be given back; made where there is none.</summary>
    /// <exception cref="ObjectDisposedException">All are closed.</exception>
    internal Kept Take(TKey key, Func<T> make)
    {
        lock (_lock)
        {
            if (TryTake(key) is { } kept) return kept;
            return _kept[key] = new Kept(key, make()) { Users = 1 };
        }
    }

    /// <summary>Says that one of its users is done.</summary>
    internal async ValueTask GiveBackAsync(Kept kept)
    {
        Kept[] old;
        lock (_lock)
        {
            kept.Users--;
            kept.LastUse = ++_uses;
            old = [.. _kept.Values.Where(one => one.Users == 0).OrderByDescending(one => one.LastUse).Skip(mostUnused)];
            foreach (Kept one in old) _kept.Remove(one.Key);
        }

        foreach (Kept one in old) await one.Thing.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes all, also what is used.</summary>
    public async ValueTask DisposeAsync()
    {
        Kept[] left;
        lock (_lock)
        {
            _isClosed = true;
            left = [.. _kept.Values];
            _kept.Clear();
        }

        foreach (Kept one in left) await one.Thing.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A thing that somebody uses.</summary>
    internal sealed class Kept(TKey key, T thing)
    {
        internal TKey Key => key;

        internal T Thing => thing;

        internal int Users { get; set; }

        internal long LastUse { get; set; }
    }
}
