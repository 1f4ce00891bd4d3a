namespace OciTools.Operations.Comparing;

/// <summary>Puts two lists side by side: equal items face each other, in time that grows with the lists only.</summary>
internal static class Alignment
{
    /// <summary>Pairs of items; null where the other side has none. The third part says whether both are there, but in another order.</summary>
    internal static IEnumerable<(T? Left, T? Right, bool IsMoved)> Of<T, TKey>(IReadOnlyList<T> left, IReadOnlyList<T> right, Func<T, TKey> keyOf)
        where T : class
        where TKey : notnull
    {
        // equal keys face each other in their order
        Dictionary<TKey, Queue<int>> waiting = [];
        for (int i = 0; i < left.Count; i++)
        {
            TKey key = keyOf(left[i]);
            if (!waiting.TryGetValue(key, out Queue<int>? queue)) waiting[key] = queue = new Queue<int>();
            queue.Enqueue(i);
        }

        int next = 0;
        bool[] isPaired = new bool[left.Count];
        int[] partner = new int[right.Count];
        for (int j = 0; j < right.Count; j++)
        {
            partner[j] = waiting.TryGetValue(keyOf(right[j]), out Queue<int>? queue) && queue.TryDequeue(out int i) ? i : -1;
            if (partner[j] >= 0) isPaired[partner[j]] = true;
        }

        for (int j = 0; j < right.Count; j++)
        {
            if (partner[j] < 0)
            {
                yield return (null, right[j], false);
                continue;
            }

            for (; next < partner[j]; next++)
                if (!isPaired[next]) yield return (left[next], null, false);
            bool isMoved = partner[j] < next;
            if (!isMoved) next = partner[j] + 1;
            yield return (left[partner[j]], right[j], isMoved);
        }

        for (; next < left.Count; next++)
            if (!isPaired[next]) yield return (left[next], null, false);
    }
}
