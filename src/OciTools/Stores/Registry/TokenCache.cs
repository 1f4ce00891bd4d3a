using System.Collections.Concurrent;
using OciTools.Stores.Http;

namespace OciTools.Stores.Registry;

/// <summary>What a token is bound to. It is never sent to another origin, nor taken for another account, scope or TLS policy.</summary>
internal sealed record TokenKey(string Origin, HttpPolicy Policy, string Realm, string? Service, string Scope, string Account);

/// <summary>A bearer token and when it should be renewed.</summary>
internal sealed record BearerToken(string Value, DateTimeOffset RenewAt);

/// <summary>The tokens of a process. Who asks for the same one at the same time shares one request for it.</summary>
internal sealed class TokenCache
{
    // with more than this, those that are over go
    private const int MostKept = 1000;

    private readonly ConcurrentDictionary<TokenKey, Entry> _entries = new();
    private volatile int _sweepFrom = MostKept;

    /// <summary>Refresh tokens that a token server gave in exchange for an older one, by realm and account.</summary>
    internal ConcurrentDictionary<(string Realm, string Account), string> Refreshed { get; } = new();

    /// <summary>A token that holds for a while yet: from memory, or fetched.</summary>
    /// <param name="key">What it is for.</param>
    /// <param name="refused">A token that the registry has just refused, so that it is not given again.</param>
    /// <param name="fetch">Asks the token server.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Stops the waiting; the request itself ends when nobody waits for it any more.</param>
    internal async Task<BearerToken> GetAsync(TokenKey key, string? refused, Func<CancellationToken, Task<BearerToken>> fetch, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            Entry entry = _entries.GetOrAdd(key, static _ => new Entry());
            if (entry.Join(fetch, out bool created) is not { } task)
            {
                _entries.TryRemove(new(key, entry));
                continue;
            }

            if (created && _entries.Count > _sweepFrom) Sweep(time.GetUtcNow());
            bool fresh = created || !task.IsCompleted;
            try
            {
                BearerToken token = await task.WaitAsync(cancellationToken).ConfigureAwait(false);
                if (fresh || (token.Value != refused && token.RenewAt > time.GetUtcNow())) return token;
                _entries.TryRemove(new(key, entry));
            }
            catch
            {
                if (task.IsCompleted) _entries.TryRemove(new(key, entry));
                throw;
            }
            finally
            {
                entry.Leave();
            }
        }
    }

    // A list of many repositories takes a token for each. It is looked through again only when there are twice as many.
    private void Sweep(DateTimeOffset now)
    {
        foreach (KeyValuePair<TokenKey, Entry> pair in _entries)
            if (pair.Value.IsOver(now)) _entries.TryRemove(pair);
        _sweepFrom = Math.Max(MostKept, 2 * _entries.Count);
    }

#pragma warning disable CA1001 // a source without a timer holds nothing that must be given back, and waiters may still look at it
    private sealed class Entry
#pragma warning restore CA1001
    {
        private readonly Lock _lock = new();
        private CancellationTokenSource? _stop;
        private Task<BearerToken>? _task;
        private int _waiting;

        /// <summary>The shared request; null where it was given up.</summary>
        internal Task<BearerToken>? Join(Func<CancellationToken, Task<BearerToken>> fetch, out bool created)
        {
            created = false;
            lock (_lock)
            {
                if (_stop is { IsCancellationRequested: true }) return null;
                if (_task is null)
                {
                    created = true;
                    _stop = new CancellationTokenSource();
                    CancellationToken stop = _stop.Token;
                    _task = Task.Run(() => fetch(stop), stop);
                }

                _waiting++;
                return _task;
            }
        }

        /// <summary>Whether nobody waits for it, and it is no token that still holds.</summary>
        internal bool IsOver(DateTimeOffset now)
        {
            lock (_lock) return _waiting == 0 && _task is { IsCompleted: true } task && (!task.IsCompletedSuccessfully || task.Result.RenewAt <= now);
        }

        internal void Leave()
        {
            lock (_lock)
            {
                if (--_waiting == 0 && !_task!.IsCompleted) _stop!.Cancel();
            }
        }
    }
}
