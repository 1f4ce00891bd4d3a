using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>Names that are files on Linux and not everywhere, and pairs of names that some file systems do not tell apart.</summary>
internal static class ForeignNames
{
    // Microsoft Learn, Naming Files, Paths, and Namespaces; and what drivers are known to make of them
    private static readonly byte[][] s_names =
    [
        .. new[]
        {
            "CON", "PRN", "AUX", "NUL", "con", "Nul.txt", "aux.tar.gz", "CONIN$", "CONOUT$", "conin$", "CON .txt", "NUL ", "AUX.",
            "COM0", "COM1", "COM9", "com2.log", "COM\u00B9", "COM\u00B2", "com\u00B3.txt", "LPT0", "LPT1", "LPT9", "lpt3.x", "LPT\u00B9", "LPT\u00B2.y",
            "dot.", "dots..", "dots...", "space ", "spaces  ", "dot .", "space. ", "...", " ", "  ", " lead", ".lead",
            "a:b", "a:b:$DATA", "a::$DATA", ":", ":lead", "C:", "C:x", "d:\\x", "plain:Zone.Identifier",
            "star*", "*", "quest?", "?", "less<", "greater>", "pipe|", "quote\"", "<>", "a<b>c|d",
            "back\\slash", "\\", "..\\up", "\\lead", "\\\\host\\share", "..\\..\\x", "\\\\?\\C:\\x", "\\\\.\\PhysicalDrive0",
            "\u0001", "\u0007bell", "\b", "tab\t", "line\nfeed", "return\r", "escape\u001b[31m", "\u001f", "\u007f",
            "PROGRA~1", "GIT~1", ".git ", ".git.", "$MFT", "$Extend", "$Bitmap", "desktop.ini", "Thumbs.db",
            "%2e%2e", "%SystemRoot%", "~", "-rf", "--", "`id`", "$(id)", "a;b", "a&b", "\u202Etxt.exe", "\uFEFFbom", "\u200Bzero", "\uFFFE", "\uE000",
            new string('x', 255), new string('\u00E9', 127),
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0x80, (byte)'x'], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xE2, 0x80], [(byte)'n', 0xFE, (byte)'m'], [0xF4, 0x90, 0x80, 0x80], [0xC0, 0x80],
    ];

    private static readonly (string One, string Other)[] s_pairs =
    [
        ("a", "A"), ("readme", "README"), ("ReadMe", "rEADmE"), ("Makefile", "makefile"), ("x.TXT", "x.txt"), ("caf\u00E9", "CAF\u00C9"),
        ("\u00E9", "e\u0301"), ("\u00C5", "A\u030A"), ("\u212B", "\u00C5"), ("\u00F1", "n\u0303"), ("\u00FC", "u\u0308"), ("\u1E9B\u0323", "\u1E9B\u0323\u0307"),
        ("\u00DF", "ss"), ("\u00DF", "SS"), ("\u1E9E", "\u00DF"), ("stra\u00DFe", "STRASSE"), ("\u017F", "s"), ("\u017F", "S"), ("\u212A", "k"), ("\u212A", "K"),
        ("\u0130", "i"), ("\u0130", "I"), ("\u0131", "i"), ("\u0131", "I"), ("i\u0307", "\u0130"), ("\u03C3", "\u03C2"), ("\u03A3", "\u03C2"), ("\u03A9", "\u2126"), ("\u03B8", "\u03D1"),
        ("\u00B5", "\u03BC"), ("\uFB01", "fi"), ("\uFB03", "ffi"), ("\u01C4", "\u01C6"), ("\u01C5", "\u01C4"), ("\u0434", "\u0414"), ("\u044F", "\u042F"), ("\u0561", "\u0531"),
        ("\u10D0", "\u1C90"), ("\uFF21", "\uFF41"), ("\uFF21", "A"), ("\U00010400", "\U00010428"), ("\u1F80", "\u1F88"), ("\uAC00", "\u1100\u1161"), ("\u2460", "1"), ("\u00AA", "a"),
        ("dot", "dot."), ("dot", "dot.."), ("space", "space "), ("both", "both. "), ("a\u200B", "a"), ("a\u00AD", "a"), ("a\uFEFF", "a"), ("a\uFE0F", "a"),
        ("LONGFI~1.TXT", "longfilename.txt"), ("file", "file:$DATA"), ("file", "file::$DATA"), ("x", "x\u0001"),
    ];

    internal static int Count => s_names.Length;

    internal static int PairCount => s_pairs.Length * 3;

    /// <summary>
    /// A layer with all of them: hostile names as files and directories in one folder each, each pair in one of its own as two files, as two
    /// directories with a file, and as a file and a symbolic link.
    /// </summary>
    internal static byte[] Layer()
    {
        TarBytes tar = new();
        foreach ((byte[] path, string content) in Files()) Entry(tar, path, content, '0');
        foreach ((byte[] path, string target) in Links()) Entry(tar, path, target, '2');
        return tar.End();
    }

    internal static IEnumerable<(byte[] Path, string Content)> Files()
    {
        int number = 0;
        foreach (byte[] name in s_names)
        {
            yield return ([.. "names/"u8, .. name], $"content {number++}");
            yield return ([.. "folders/"u8, .. name, .. "/in"u8], $"content {number++}");
        }

        for (int i = 0; i < s_pairs.Length; i++)
        {
            yield return (Encoding.UTF8.GetBytes($"pair{i}/files/{s_pairs[i].One}"), $"content {number++}");
            yield return (Encoding.UTF8.GetBytes($"pair{i}/files/{s_pairs[i].Other}"), $"content {number++}");
            yield return (Encoding.UTF8.GetBytes($"pair{i}/folders/{s_pairs[i].One}/one"), $"content {number++}");
            yield return (Encoding.UTF8.GetBytes($"pair{i}/folders/{s_pairs[i].Other}/other"), $"content {number++}");
            yield return (Encoding.UTF8.GetBytes($"pair{i}/mixed/{s_pairs[i].One}"), $"content {number++}");
        }
    }

    internal static IEnumerable<(byte[] Path, string Target)> Links()
    {
        for (int i = 0; i < s_pairs.Length; i++) yield return (Encoding.UTF8.GetBytes($"pair{i}/mixed/{s_pairs[i].Other}"), $"target{i}");
    }

    private static void Entry(TarBytes tar, byte[] path, string content, char type)
    {
        // names longer than a header has room for, and bytes that are no text
        byte[] body = Encoding.UTF8.GetBytes(content);
        tar.Entry("././@LongLink", [.. path, 0], 'L');
        if (type == '0') tar.Entry("x", body);
        else tar.Entry("x", [], type, content);
    }
}
