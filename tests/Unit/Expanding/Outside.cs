using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>
/// Folders for many expansions, each with files outside that nothing may touch. GNU find and sha256sum say before and after what is there:
/// names, types, modes, owners, numbers of links, inodes, sizes, both times, and contents.
/// </summary>
internal sealed class Outside : IDisposable
{
    private readonly MountedFolder? _memory = MountedFolder.TryMemory(1L << 30);
    private readonly Expansion _around;

    private readonly string _working = Path.GetFullPath(Working);

    internal Outside()
    {
        // many small files, each flushed to its disk: memory is some ten times as fast
        _around = new Expansion(_memory?.Path);
    }

    /// <summary>A file of the working directory: a link that is checked in one place is easily made in another.</summary>
    internal static string Working { get; } = Path.GetFileName(typeof(Outside).Assembly.Location);

    internal string Folder => _around.Folder;

    /// <summary>The folder outside of a case.</summary>
    internal string Of(int number) => $"{Folder}/{number}/outside";

    /// <summary>Makes the folders of a case.</summary>
    internal void Make(int number)
    {
        string outside = Of(number);
        Directory.CreateDirectory(outside + "/dir");
        Write(outside + "/victim", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Write(outside + "/dir/file", UnixFileMode.UserRead);
        File.CreateSymbolicLink(outside + "/link", "victim");
        Write($"{Folder}/{number}/d/root-evil/victim", UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Where an image is expanded.</summary>
    internal Expansion Open(int number) => new($"{Folder}/{number}/d");

    /// <summary>What lies outside of the destinations, by case.</summary>
    internal Dictionary<int, string> Read()
    {
        // the folders that destinations are made in get other times by that, and links of others to them; what lies in them may only be what is expected
        string script = """
            cd "$1" || exit
            find . -mindepth 1 \( -path './*/kept' -o -path './*/tarred' -o -path './*/flat.tar' -o -name .root.ocitools.json \) -prune -o -regex './[0-9]*\(/d\)?' -printf '%P %y %m %U:%G\0' -o -printf '%P %y %m %U:%G %n %i %s %T@ %C@ %l\0'
            find . -mindepth 3 \( -path './*/kept' -o -path './*/tarred' \) -prune -o -type f ! -name .root.ocitools.json -print0 | sort -z | xargs -0 sha256sum -z | sed -z 's/\([^ ]*\)  \.\/\(.*\)/\2 \1/'
            """;
        Dictionary<int, string> found = [];
        string[] lines = Encoding.Latin1.GetString(Tool.Run("sh", ["-c", script, "sh", Folder])).Split('\0')[..^1];
        foreach (IGrouping<int, string> number in lines.GroupBy(line => int.Parse(line[..line.IndexOfAny(['/', ' '])], System.Globalization.CultureInfo.InvariantCulture)))
            found[number.Key] = string.Join('\n', number.Order(StringComparer.Ordinal));
        return found;
    }

    /// <summary>The file in the working directory.</summary>
    internal string ReadWorking() => Tool.Text("find", _working, "-printf", "%m %U:%G %n %i %s %T@ %C@");

    /// <summary>The numbers of the inodes of all files of a case that lie outside, and of those inside that are the same.</summary>
    internal string[] SharedInodes()
    {
        // the modes of an image may keep out everybody but root
        if (!Expansion.IsRoot) Tool.Run("find", [Folder, "-name", "kept", "-prune", "-exec", "chmod", "-R", "u+rwX", "{}", "+"]);
        string[] lines = Tool.Text("find", Folder, _working, "-type", "f", "-printf", "%i %p\\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        HashSet<string> outside = [.. lines.Where(line => !line.Contains("/kept/", StringComparison.Ordinal)).Select(line => line.Split(' ')[0])];
        return [.. lines.Where(line => line.Contains("/kept/", StringComparison.Ordinal) && outside.Contains(line.Split(' ')[0]))];
    }

    public void Dispose()
    {
        _around.Dispose();
        _memory?.Dispose();
    }

    private static void Write(string path, UnixFileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "secret");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, mode);
    }
}
