using System.Collections.Concurrent;

namespace OciTools.Operations.Layers;

/// <summary>Work that several ask for by the same key, and that is done once.</summary>
/// <param name="isAnswer">Whether a failure is an answer for all who ask; after any other, who else asks does the work by himself.</param>
internal sealed class SharedWork<T>(Func<Exception, bool> isAnswer)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<T>>> _begun = new(StringComparer.Ordinal);

    /// <summary>What the work gives, begun by this call or by another one.</summary>
    /// <param name="key">What work it is.</param>
    /// <param name="work">The work; it ends with the token.</param>
    /// <param name="cancellationToken">Stops the waiting.</param>
    internal async Task<T> GetAsync(string key, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        Lazy<Task<T>> own = new(work);
        while (true)
        {
            Lazy<Task<T>> shared = _begun.GetOrAdd(key, own);
            try
            {
                // the own one ends with its token by itself, and is waited for
                return await (shared == own ? shared.Value : shared.Value.WaitAsync(cancellationToken)).ConfigureAwait(false);
            }
            catch (Exception e) when (!isAnswer(e))
            {
                if (shared.Value.IsCompleted) _begun.TryRemove(new(key, shared));
                if (shared == own) throw;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
