using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>
/// A few layers in words. Each entry has another time, owner and mode, so that the result shows which one it came from; a hard link has those
/// of its target, as honest writers give it.
/// </summary>
/// <param name="Name">What it is about.</param>
/// <param name="Layers">
/// One text per layer, entries between semicolons: <c>dir p</c>, <c>file p=content</c>, <c>link p>target</c>, <c>hard p>target</c>,
/// <c>other p>target</c> for a hard link with numbers of its own, <c>fifo p</c>, <c>char p</c>, <c>del p</c> for a whiteout, <c>opaque p</c>.
/// </param>
internal sealed record LayerCase(string Name, params string[] Layers)
{
    /// <summary>Why umoci does otherwise; null where it does the same.</summary>
    internal string? Umoci { get; init; }

    /// <summary>Why Docker does otherwise; null where it does the same.</summary>
    internal string? Docker { get; init; }

    internal byte[][] Tars()
    {
        Dictionary<string, int> numbers = [];
        return [.. Layers.Select((entries, layer) => Tar(entries, layer, numbers))];
    }

    private static byte[] Tar(string entries, int layer, Dictionary<string, int> numbers)
    {
        TarBytes tar = new();
        int number = layer * 100;
        foreach (string entry in entries.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) Add(tar, entry, ++number, numbers);
        return tar.End();
    }

    private static void Add(TarBytes tar, string entry, int number, Dictionary<string, int> numbers)
    {
        (string verb, string rest) = Cut(entry, ' ');
        (string path, string target) = Cut(rest, '>');
        (path, string content) = Cut(path, '=');
        int slash = path.LastIndexOf('/') + 1;
        (char type, string name) = verb switch
        {
            "dir" => ('5', path + "/"),
            "file" => ('0', path),
            "link" => ('2', path),
            "hard" or "other" => ('1', path),
            "fifo" => ('6', path),
            "char" => ('3', path),
            "del" => ('0', $"{path[..slash]}.wh.{path[slash..]}"),
            "opaque" => ('0', path + "/.wh..wh..opq"),
            _ => throw new ArgumentException($"What is '{entry}'?", nameof(entry)),
        };
        if (verb == "hard") number = numbers.GetValueOrDefault(string.Join('/', target.Split('/').Where(s => s is not ("" or "."))), number);
        numbers[path] = number;
        tar.Entry(name, Encoding.UTF8.GetBytes(content), type, target, change: header =>
        {
            Put(header, 100, 7, (verb == "dir" ? 0x1C0 : 0x180) | (number & 0x3F));
            Put(header, 108, 7, 1000 + number);
            Put(header, 116, 7, 2000 + number);
            Put(header, 136, 11, 1_000_000_000 + number);
            if (verb != "char") return;
            Put(header, 329, 7, 1);
            Put(header, 337, 7, 3);
        });
    }

    private static (string Left, string Right) Cut(string text, char at)
    {
        int index = text.IndexOf(at, StringComparison.Ordinal);
        return index < 0 ? (text, "") : (text[..index], text[(index + 1)..]);
    }

    private static void Put(byte[] header, int offset, int digits, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(digits, '0')).CopyTo(header, offset);

    public override string ToString() => $"{Name} [{string.Join(" | ", Layers)}]";
}
