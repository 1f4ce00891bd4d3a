using System.Text;

namespace OciTools.FileTrees.Expanding;

/// <summary>Which names of an image other file systems than those of Linux can hold as they are.</summary>
internal static class PortableNames
{
    private const int LongestName = 255;

    private static readonly string[] s_devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

    /// <summary>The name as text; null where it cannot be one.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isWindows">Whether the rules of Windows hold.</param>
    internal static string? Decode(ReadOnlySpan<byte> name, bool isWindows)
    {
        if (name.IsEmpty || name is [(byte)'.'] or [(byte)'.', (byte)'.'] || name.IndexOfAny((byte)'/', (byte)0) >= 0 || !System.Text.Unicode.Utf8.IsValid(name)) return null;
        string text = Encoding.UTF8.GetString(name);
        return text.Length <= LongestName && (!isWindows || IsForWindows(text)) ? text : null;
    }

    /// <summary>
    /// Whether a link of an image may be made on Windows: one that leads from its own folder through plain names. There a text that starts
    /// with a slash or has a drive leads out of the tree, and one with two backslashes to another computer.
    /// </summary>
    internal static bool IsLinkForWindows(string target) =>
        target.Length > 0 && target[0] != '/' && target.Split('/').All(segment => segment is "" or "." or ".." || IsForWindows(segment));

    // Windows file naming: reserved characters, names of devices with any extension, no dot or space at the end
    private static bool IsForWindows(string name)
    {
        foreach (char c in name)
            if (c < ' ' || c is '<' or '>' or ':' or '"' or '\\' or '|' or '?' or '*') return false;
        return name[^1] is not ('.' or ' ') && !IsDevice(name);
    }

    private static bool IsDevice(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        string stem = (dot < 0 ? name : name[..dot]).TrimEnd(' ');
        if (s_devices.Contains(stem, StringComparer.OrdinalIgnoreCase)) return true;
        // also with the superscript digits of Latin-1
        return stem.Length == 4 && (char.IsAsciiDigit(stem[3]) || stem[3] is '\u00B9' or '\u00B2' or '\u00B3')
            && (stem.StartsWith("COM", StringComparison.OrdinalIgnoreCase) || stem.StartsWith("LPT", StringComparison.OrdinalIgnoreCase));
    }
}
