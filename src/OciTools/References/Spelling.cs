namespace OciTools;

/// <summary>Finds known words that are spelled nearly like one that is not known.</summary>
internal static class Spelling
{
    /// <summary>The known words nearest to a word, the nearest first; words that go on where it ends count as near.</summary>
    /// <param name="word">The word that is not known.</param>
    /// <param name="known">The words that are.</param>
    /// <param name="most">The most words to give.</param>
    internal static IReadOnlyList<string> Nearest(string word, IEnumerable<string> known, int most)
    {
        int limit = word.Length < 3 ? 1 : word.Length < 6 ? 2 : 3;
        List<(int Distance, string Word)> near = [];
        foreach (string other in known)
        {
            if (other.StartsWith(word, StringComparison.OrdinalIgnoreCase)) near.Add((1, other));
            else if (Math.Abs(other.Length - word.Length) <= limit && Distance(word, other, limit) is var distance && distance <= limit) near.Add((distance, other));
        }

        return [.. near.OrderBy(one => one.Distance).ThenBy(one => Math.Abs(one.Word.Length - word.Length)).ThenByDescending(one => one.Word, StringComparer.Ordinal).Take(most).Select(one => one.Word)];
    }

    /// <summary>How many characters are missing, too many, wrong, or in the place of the next one; upper and lower case are the same.</summary>
    /// <param name="left">One word.</param>
    /// <param name="right">The other one.</param>
    /// <param name="limit">Where it does not matter any more how many: then more than the limit is given. Thousands of long words are compared in milliseconds.</param>
    internal static int Distance(string left, string right, int limit)
    {
        int far = limit + 1;
        if (Math.Abs(left.Length - right.Length) > limit) return far;
        int[] before = new int[right.Length + 1];
        int[] above = new int[right.Length + 1];
        int[] row = new int[right.Length + 1];
        for (int j = 0; j <= right.Length; j++) above[j] = j;
        int bestAbove = 0;
        for (int i = 1; i <= left.Length; i++)
        {
            // further from the middle than the limit, nothing is within it
            int first = Math.Max(1, i - limit);
            int last = Math.Min(right.Length, i + limit);
            row[first - 1] = first == 1 ? i : far;
            int best = row[first - 1];
            for (int j = first; j <= last; j++)
            {
                bool isSame = Same(left[i - 1], right[j - 1]);
                row[j] = Math.Min(Math.Min(above[j], row[j - 1]) + 1, above[j - 1] + (isSame ? 0 : 1));
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1])) row[j] = Math.Min(row[j], before[j - 2] + 1);
                best = Math.Min(best, row[j]);
            }

            if (last < right.Length) row[last + 1] = far;
            if (best > limit && bestAbove > limit) return far;
            bestAbove = best;
            (before, above, row) = (above, row, before);
        }

        return Math.Min(above[right.Length], far);
    }

    private static bool Same(char left, char right) => char.ToLowerInvariant(left) == char.ToLowerInvariant(right);
}
