using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using OciTools.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.FileTrees.Peers;

/// <summary>The facts of each path of a file system as lines of text: in directories as the kernel tells them, and in our tree.</summary>
internal static class FileFacts
{
    /// <summary>The facts of all that lies in a directory, by path; the directory itself has the path <c>.</c>.</summary>
    internal static SortedDictionary<string, string> OfDirectory(string root)
    {
        byte[] output = Tool.Run("find", [root, "-printf", "%P\\0%y\\0%m\\0%U\\0%G\\0%T@\\0%s\\0%l\\0%i\\0"]);
        string[] fields = Encoding.Latin1.GetString(output).Split('\0');
        List<(string Path, string Facts, string? Content)> found = [];
        for (int i = 0; i + 9 <= fields.Length; i += 9)
        {
            string path = fields[i].Length == 0 ? "." : fields[i];
            char type = fields[i + 1][0];
            string full = Path.Join(root, Utf8(fields[i]));
            string facts = Line(type, type == 'l' ? 0 : Convert.ToInt32(fields[i + 2], 8), fields[i + 3], fields[i + 4], fields[i + 5].TrimEnd('0').TrimEnd('.'),
                type == 'f' ? fields[i + 6] : "", fields[i + 7], type is 'c' or 'b' ? Device(full) : "", AttributesOf(full));
            found.Add((path, facts + (type == 'f' ? " sha256=" + Hash(File.ReadAllBytes(full)) : ""), type == 'd' ? null : fields[i + 8]));
        }

        return Join(found);
    }

    /// <summary>The facts of our merged tree. An implied directory has no time.</summary>
    internal static SortedDictionary<string, string> OfTree(FileTree tree)
    {
        List<(string Path, string Facts, string? Content)> found = [];
        foreach (TreeNode node in tree.Walk())
        {
            string path = node.IsRoot ? "." : Encoding.Latin1.GetString(node.Path);
            if (node.IsImplied)
            {
                found.Add((path, Line('d', 0x1ED, "0", "0", "?", "", "", "", ""), null));
                continue;
            }

            EntryRecord record = node.Record;
            EntryExtra extra = node.Extra;
            char type = node.Kind switch
            {
                FileKind.File => 'f',
                FileKind.Directory => 'd',
                FileKind.SymbolicLink => 'l',
                FileKind.CharacterDevice => 'c',
                FileKind.BlockDevice => 'b',
                FileKind.Fifo => 'p',
                _ => '?',
            };
            string time = (record.Seconds + (record.Nanoseconds / 1_000_000_000m)).ToString("0.#########", CultureInfo.InvariantCulture);
            string attributes = string.Join(',', extra.Attributes.Select(a => $"{Encoding.Latin1.GetString(a.Name.Span)}={Convert.ToHexStringLower(a.Value.Span)}").Order(StringComparer.Ordinal));
            string facts = Line(type, type == 'l' ? 0 : record.Mode, Text(record.UserId), Text(record.GroupId), time, type == 'f' ? Text(record.Size) : "",
                type == 'l' ? Encoding.Latin1.GetString(extra.Link.Span) : "", type is 'c' or 'b' ? $"{record.Size >> 32}:{record.Size & uint.MaxValue}" : "", attributes);
            LayerEntries layer = tree.Entries.LayerOf(node.Source);
            Digest? hash = layer.HashOf(node.Source - tree.Entries.BaseOf(tree.Entries.PositionOf(node.Source)));
            found.Add((path, facts + (type == 'f' ? " " + hash?.ToString().Replace(':', '=') : ""), type == 'd' ? null : Text(node.Source)));
        }

        return Join(found);
    }

    /// <summary>What differs, as lines. The time of a directory that is only implied is anything.</summary>
    internal static List<string> Differences(SortedDictionary<string, string> theirs, SortedDictionary<string, string> ours)
    {
        List<string> lines = [];
        foreach (string path in theirs.Keys.Union(ours.Keys))
        {
            string their = theirs.GetValueOrDefault(path, "nothing");
            string our = ours.GetValueOrDefault(path, "nothing");
            if (our.Contains(" time=?", StringComparison.Ordinal)) their = AnyTime(their);
            if (their != our) lines.Add($"{path}: they have {their}, we have {our}");
        }

        return lines;
    }

    private static string AnyTime(string facts)
    {
        int at = facts.IndexOf(" time=", StringComparison.Ordinal);
        if (at < 0) return facts;
        int end = facts.IndexOf(' ', at + 1);
        return facts[..at] + " time=?" + (end < 0 ? "" : facts[end..]);
    }

    private static string Line(char type, int mode, string user, string group, string time, string size, string link, string device, string attributes) =>
        $"{type} mode={Convert.ToString(mode, 8)} owner={user}:{group} time={time}"
        + (size.Length > 0 ? " size=" + size : "") + (link.Length > 0 ? " link=" + link : "") + (device.Length > 0 ? " device=" + device : "") + (attributes.Length > 0 ? " xattrs=" + attributes : "");

    // paths with the same content are named by the first of them
    private static SortedDictionary<string, string> Join(List<(string Path, string Facts, string? Content)> found)
    {
        Dictionary<string, string> first = [];
        foreach ((string path, _, string? content) in found.OrderBy(f => f.Path, StringComparer.Ordinal))
            if (content is not null) first.TryAdd(content, path);
        SortedDictionary<string, string> facts = new(StringComparer.Ordinal);
        foreach ((string path, string line, string? content) in found)
            facts[path] = content is null || first[content] == path ? line : line + " same as " + first[content];
        return facts;
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Utf8(string latin) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin));

    private static string Device(string path)
    {
        string[] numbers = Tool.Text("stat", "--printf", "%t %T", path).Split(' ');
        return $"{Convert.ToInt64(numbers[0], 16)}:{Convert.ToInt64(numbers[1], 16)}";
    }

    private static string AttributesOf(string path)
    {
        byte[] names = new byte[65536];
        nint length = ListAttributes(Native(path), names, names.Length);
        if (length <= 0) return "";
        List<string> all = [];
        byte[] value = new byte[65536];
        foreach (string name in Encoding.Latin1.GetString(names, 0, (int)length).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            nint size = GetAttribute(Native(path), Native(name), value, value.Length);
            all.Add($"{name}={Convert.ToHexStringLower(value, 0, (int)Math.Max(0, size))}");
        }

        return string.Join(',', all.Order(StringComparer.Ordinal));
    }

    private static byte[] Native(string text) => [.. Encoding.UTF8.GetBytes(text), 0];

    [DllImport("libc", EntryPoint = "llistxattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ListAttributes(byte[] path, byte[] list, nint size);

    [DllImport("libc", EntryPoint = "lgetxattr")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint GetAttribute(byte[] path, byte[] name, byte[] value, nint size);
}
