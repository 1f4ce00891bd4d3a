using System.Runtime.CompilerServices;

namespace OciTools.Operations;

/// <summary>Works on several of many things at once and gives the results in the order of the things.</summary>
internal static class InOrder
{
    /// <summary>The results, each as soon as it and all before it are there. No more than the given number of things are taken ahead.</summary>
    internal static async IAsyncEnumerable<TResult> SelectAsync<TSource, TResult>(IAsyncEnumerable<TSource> source, int atOnce, Func<TSource, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Queue<Task<TResult>> running = new();
        try
        {
            await foreach (TSource one in source.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                running.Enqueue(work(one));
                if (running.Count >= atOnce) yield return await running.Dequeue().ConfigureAwait(false);
            }

            while (running.Count > 0) yield return await running.Dequeue().ConfigureAwait(false);
        }
        finally
        {
            // whoever stops early must not leave a request running unobserved
            foreach (Task<TResult> task in running) await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
