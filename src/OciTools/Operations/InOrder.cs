using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace OciTools.Operations;

/// <summary>Works on several of many things at once and gives the results in the order of the things.</summary>
internal static class InOrder
{
    /// <summary>
    /// The results, each as soon as it and all before it are there. No more than the given number of things are taken ahead. Where the things
    /// end with an error, the results of those before it come first.
    /// </summary>
    internal static async IAsyncEnumerable<TResult> SelectAsync<TSource, TResult>(IAsyncEnumerable<TSource> source, int atOnce, Func<TSource, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Queue<Task<TResult>> running = new();
        IAsyncEnumerator<TSource> all = source.GetAsyncEnumerator(cancellationToken);
        try
        {
            ExceptionDispatchInfo? failure = null;
            while (true)
            {
                try
                {
                    if (!await all.MoveNextAsync().ConfigureAwait(false)) break;
                }
                catch (OciException e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                    break;
                }

                running.Enqueue(work(all.Current));
                if (running.Count >= atOnce) yield return await running.Dequeue().ConfigureAwait(false);
            }

            while (running.Count > 0) yield return await running.Dequeue().ConfigureAwait(false);
            failure?.Throw();
        }
        finally
        {
            // whoever stops early must not leave a request running unobserved
            foreach (Task<TResult> task in running) await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await all.DisposeAsync().ConfigureAwait(false);
        }
    }
}
