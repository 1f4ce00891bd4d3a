namespace OciTools.Stores.Files;

/// <summary>Paths inside a layout or archive. They are keys to look up, never paths of the file system.</summary>
internal static class ArchivePath
{
    /// <summary>The path without empty and <c>.</c> segments; null if it is rooted, leaves the archive, or holds a NUL.</summary>
    internal static string? Normalize(string path)
    {
        if (path.Length == 0 || path[0] == '/' || path.Contains('\0', StringComparison.Ordinal)) return null;
        if (IsPlain(path)) return path;
        List<string> segments = [];
        foreach (string segment in path.Split('/'))
        {
            if (segment == "..") return null;
            if (segment is not ("" or ".")) segments.Add(segment);
        }

        return string.Join('/', segments);
    }

    /// <summary>The path that a link in a directory of the archive leads to; null if it leaves the archive.</summary>
    internal static string? Combine(string directory, string target)
    {
        if (target.Length == 0 || target[0] == '/' || target.Contains('\0', StringComparison.Ordinal)) return null;
        List<string> segments = [.. directory.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        foreach (string segment in target.Split('/'))
        {
            if (segment is "" or ".") continue;
            if (segment != "..")
            {
                segments.Add(segment);
                continue;
            }

            if (segments.Count == 0) return null;
            segments.RemoveAt(segments.Count - 1);
        }

        return string.Join('/', segments);
    }

    /// <summary>The part before the last slash; empty for none.</summary>
    internal static string Parent(string path)
    {
        int slash = path.LastIndexOf('/');
        return slash < 0 ? "" : path[..slash];
    }

    // what nearly every entry is: nothing to remove, so nothing to build
    private static bool IsPlain(string path)
    {
        int start = 0;
        for (int i = 0; i <= path.Length; i++)
        {
            if (i < path.Length && path[i] != '/') continue;
            if (path.AsSpan(start, i - start) is "" or "." or "..") return false;
            start = i + 1;
        }

        return true;
    }
}
