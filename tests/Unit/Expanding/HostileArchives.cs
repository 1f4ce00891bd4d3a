using System.Text;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>
/// Archives that try to reach a folder outside: every form of a name with every type of entry, and every way of a link out with every kind
/// of entry that could follow it. The ways are those of the advisories on tar readers of the last years.
/// </summary>
/// <param name="outsideOf">The absolute path of a folder beside the one that holds the destination of a case.</param>
/// <param name="working">The name of a file in the working directory.</param>
internal sealed class HostileArchives(Func<int, string> outsideOf, string working)
{
    private static readonly char[] s_types = ['0', '\0', '1', '2', '3', '4', '5', '6', '7', 'Z'];

    private static readonly string[] s_modes = ["0000000", "0000777", "0006777", "0000600"];

    private int _turn;
    private int _number;

    // each case has a folder of its own, so all names are made anew for each
    private string Outside => outsideOf(_number);

    /// <param name="all">Whether every form of a name comes with every type, and not with every second one.</param>
    internal IEnumerable<HostileArchive> Escapes(bool all)
    {
        for (int form = 0; form < NameForms().Length; form++)
            for (int i = all ? 0 : form % 2; i < s_types.Length; i += all ? 1 : 2)
                yield return Archive($"{Show(NameForms()[form])} as '{s_types[i]}'", Dir("d"), Named(NameForms()[form], s_types[i], "d/own"), File("d/after", "x"));
        int ways = LinkWays().Count();
        int follows = Follows().Count();
        for (int i = 0; i < ways * follows; i++)
        {
            (string way, byte[][] entries) = LinkWays().ElementAt(i / follows);
            (string follow, byte[][] next) = Follows().ElementAt(i % follows);
            yield return Archive($"{way}, then {follow}", [.. entries, .. next]);
        }

        foreach (HostileArchive archive in Roots()) yield return archive;
    }

    internal IEnumerable<HostileArchive> HardLinks()
    {
        for (int i = 0; i < 2 * LinkTargets().Length; i++)
        {
            string target = LinkTargets()[i / 2];
            // what has the same name inside is meant
            byte[][] before = [Dir("d"), File("d/own", "own"), File(Outside + "/victim", "own"), File(working, "own"), Link("out", Outside), Link("link", Outside + "/victim"), Link("hop", "out"), Link("chain", "link"), Link("loop", "loop"), Link("self", "."), Link("back", "../.."), Hard("h", target)];
            yield return i % 2 == 0
                ? Archive($"hard link to {Show(target)}", before)
                : Archive($"hard link to {Show(target)}, then a mode and content", [.. before, Entry("h", '0', "", "overwritten", "0000777"), Entry("h2", '1', "h", "", "0006777")]);
        }

        for (int i = 0; i < LinkPlaces().Length; i++)
            yield return Archive($"hard link placed at {LinkPlaces()[i]}", Dir("d"), File("d/own", "own"), Link("out", Outside), Link("hop", "out"), Link("self", "."), Link("link", Outside + "/victim"), Link("back", "../.."), Hard(LinkPlaces()[i], "d/own"));
    }

    private string[] LinkPlaces() => ["out/h", "hop/h", "self/out/h", "link/h", Outside + "/h", "../h", "out/dir/h", "back/outside/h"];

    private string[] LinkTargets() =>
    [
        Outside + "/victim", "/" + Outside + "/victim", Outside[1..] + "/victim", "../../outside/victim", "a/../../../outside/victim", "/../../outside/victim", "./../../outside/victim",
        working, "./" + working, "/" + working, "../root-evil/victim", "../root/d/own", "..", ".", "/", "", "d", "d/", "d/own/", "d/own/..", "/etc/passwd", "/proc/self/exe", "/proc/self/root/etc/passwd", "/dev/null",
        "out/victim", "out/../victim", "link", "chain", "loop", "hop/victim", "self/../../outside/victim", "link/", "link/.", "d/own\0x", "back/outside/victim",
    ];

    private string[] NameForms()
    {
        string victim = Outside + "/victim";
        return
        [
            victim, "/" + victim, "///" + victim, Outside + "/new", Outside + "/dir", Outside + "/dir/", Outside,
            "../../outside/victim", "../../outside/new", "../../../../../../../../../../.." + victim, "d/../../../outside/victim", "d/own/../../../../outside/new", "./../../outside/new", "d/./.././../../outside/victim",
            "../root-evil/victim", "../root-evil/new", "../root/../../outside/new", "..", "../", "../.", "d/..", "/..", "/../..", "d/../..", "/../../outside/new",
            ".", "./", "/", "//", "", "./.", "...", ".. /x", "..\\..\\outside\\victim", "d\\..\\..\\..\\outside\\new", "C:\\outside\\new", "C:/outside/new", "\\\\host\\share\\new",
            "d\0/../../../outside/new", "..\0", "\0", "d\n/../../../outside/new", "line\nfeed", "%2e%2e/%2e%2e/outside/new", "..;/..;/outside/new", "\u2025/outside/new", "\u002e\u2024/outside/new",
            ".wh..", ".wh...", ".wh.", ".wh./x", ".wh.d/x", "d/.wh...", "d/.wh..", "d/.wh.", ".wh..wh..opq", "d/.wh..wh..opq/x", ".wh..wh.plnk/1", "../.wh.outside", "../../.wh.outside", "../../outside/.wh.victim", Outside + "/.wh.victim", Outside + "/.wh..wh..opq",
            string.Concat(Enumerable.Repeat("../", 40)) + victim[1..], string.Concat(Enumerable.Repeat("d/../", 30)) + "../../outside/new", new string('/', 200) + victim, "-rf", "--", "*",
        ];
    }

    private IEnumerable<(string, byte[][])> LinkWays()
    {
        string victim = Outside + "/victim";
        yield return ("a link to the folder outside", [Link("l", Outside)]);
        yield return ("a relative link to the folder outside", [Link("l", "../../outside")]);
        yield return ("a link to the file outside", [Link("l", victim)]);
        yield return ("a link to a file outside that is not there", [Link("l", Outside + "/new")]);
        yield return ("a link to the root", [Link("l", "/")]);
        yield return ("a link to what is above", [Link("l", "..")]);
        yield return ("a link to itself", [Link("l", "l")]);
        yield return ("a chain of two links", [Link("k", "../.."), Link("l", "k/outside")]);
        yield return ("a chain through the own folder", [Link("k", "."), Link("l", "k/../../outside")]);
        yield return ("a chain of .NET's advisory", [Link("a", "."), Link("b", "a/.."), Link("l", "b/../outside")]);
        yield return ("a chain in a deep folder", [Dir("x/y"), Link("x/y/up", "../../../.."), Link("l", "x/y/up/outside")]);
        yield return ("a hard link to a link", [Link("k", Outside), Hard("l", "k")]);
        yield return ("a folder that a link replaces", [Dir("l"), File("l/own", "x"), Link("l", Outside)]);
        yield return ("a link that a folder replaces", [Link("l", Outside), Dir("l")]);
        yield return ("a link, away, and there again", [Link("l", Outside), File(".wh.l", ""), Link("l", "../../outside")]);
        yield return ("a link to this process", [Link("l", "/proc/self/cwd")]);
    }

    private IEnumerable<(string, byte[][])> Follows()
    {
        yield return ("a file through it", [File("l/victim", "overwritten")]);
        yield return ("a new file through it", [File("l/new", "new")]);
        yield return ("a file in its place", [File("l", "overwritten")]);
        yield return ("a folder with another mode in its place", [Entry("l", '5', "", "", "0000777")]);
        yield return ("a folder through it", [Entry("l/dir", '5', "", "", "0000777"), File("l/dir/new", "new")]);
        yield return ("a link through it", [Link("l/dir", "/etc")]);
        yield return ("a hard link through it", [File("own", "x"), Hard("l/victim", "own")]);
        yield return ("a hard link to it", [Hard("h", "l"), Entry("h", '0', "", "overwritten", "0000777")]);
        yield return ("a hard link to what is behind it", [Hard("h", "l/victim"), Entry("h", '0', "", "overwritten", "0000777")]);
        yield return ("a device through it", [Entry("l/null", '3', "", "", "0000666")]);
        yield return ("a pipe in its place", [Entry("l", '6', "", "", "0000777")]);
        yield return ("a whiteout through it", [File("l/.wh.victim", "")]);
        yield return ("an opaque mark through it", [File("l/.wh..wh..opq", "")]);
        yield return ("a long way through it", [File("l/../l/victim", "overwritten")]);
        yield return ("a slash behind it", [File("l/", "overwritten"), Entry("l/.", '5', "", "", "0000777")]);
        yield return ("its mode as a link", [Entry("l", '2', Outside, "", "0000000"), File("l/dir/file", "overwritten")]);
    }

    private IEnumerable<HostileArchive> Roots()
    {
        foreach (string root in new[] { ".", "./", "/", "", "././", "//" })
            foreach ((char type, string link) in new[] { ('2', "outside"), ('2', ".."), ('1', "d/own"), ('0', ""), ('6', ""), ('3', ""), ('4', "") })
                yield return Archive($"the root '{root}' as '{type}' {link}", File("d/own", "x"), Named(root, type, link == "outside" ? Outside : link), File("victim", "overwritten"));
    }

    private HostileArchive Archive(string name, params byte[][] entries) => new(_number++, name, entries);

    // the name in each way that a tar can hold it, and each of the modes, in turn
    private byte[] Named(string name, char type, string link)
    {
        string mode = s_modes[_turn % s_modes.Length];
        int way = _turn++ / s_modes.Length % 4;
        byte[] raw = Encoding.UTF8.GetBytes(name);
        string content = type is '0' or '\0' or '7' or 'Z' ? "overwritten" : "";
        if (type is not ('1' or '2')) link = "";
        int slash = name.IndexOf('/', 1 % Math.Max(1, name.Length));
        TarBytes tar = new();
        if (way == 1) return tar.Pax(("path", Encoding.Latin1.GetString(raw))).Entry("x", Encoding.UTF8.GetBytes(content), type, link, change: Mode(mode)).End(0);
        if (way == 2 || raw.Length > 100) return tar.Entry("././@LongLink", [.. raw, 0], 'L').Entry("x", Encoding.UTF8.GetBytes(content), type, link, change: Mode(mode)).End(0);
        if (way == 3 && slash > 0 && slash < name.Length - 1)
            return tar.Entry(name[(slash + 1)..], Encoding.UTF8.GetBytes(content), type, link, change: header => { Mode(mode)(header); Encoding.UTF8.GetBytes(name[..slash]).CopyTo(header, 345); }).End(0);
        return tar.Entry(name, Encoding.UTF8.GetBytes(content), type, link, change: Mode(mode)).End(0);
    }

    private static byte[] Dir(string name) => new TarBytes().Directory(name).End(0);

    private static byte[] File(string name, string content) => Entry(name, '0', "", content, "0000644");

    private static byte[] Link(string name, string target) => Entry(name, '2', target, "", "0000777");

    private static byte[] Hard(string name, string target) => Entry(name, '1', target, "", "0000644");

    private static byte[] Entry(string name, char type, string link, string content, string mode)
    {
        TarBytes tar = new();
        // where the field ends at a zero, and where it is too short
        if (link.Contains('\0', StringComparison.Ordinal)) tar.Pax(("linkpath", link));
        else if (link.Length > 100) tar.Entry("././@LongLink", [.. Encoding.UTF8.GetBytes(link), 0], 'K');
        if (name.Length > 100) tar.Entry("././@LongLink", [.. Encoding.UTF8.GetBytes(name), 0], 'L');
        return tar.Entry(name, Encoding.UTF8.GetBytes(content), type, link, change: Mode(mode)).End(0);
    }

    private static Action<byte[]> Mode(string mode) => ExpansionTests.Mode(mode, "0001750", "0001750");

    private static string Show(string name) => DisplayText.Excerpt(name.Length > 60 ? name[..60] : name);
}
