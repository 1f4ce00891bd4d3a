using OciTools.Layers.Tar;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

/// <summary>
/// Compares the own list of many tars with GNU tar's. Archives that are taken are strung together, so that one call of GNU tar serves
/// some dozens of them; where the lists of such a string differ, each of its archives is asked for alone.
/// </summary>
internal sealed class TarOracle : IDisposable
{
    private const int GroupSize = 60;

    private readonly TempFolder _folder = new();
    private readonly List<List<Case>> _groups = [];
    private List<Case> _open = [];

    /// <summary>How many were refused.</summary>
    internal int Refused { get; private set; }

    /// <summary>Takes an archive.</summary>
    /// <returns>Why it is refused; null if it is not.</returns>
    internal async Task<string?> AddAsync(string name, byte[] tar, CancellationToken cancellationToken)
    {
        List<TarHeader> headers;
        try
        {
            headers = await TarListing.ReadAsync(tar, cancellationToken);
        }
        catch (OciException e) when (e.ErrorId is "MalformedContent" or "TooLarge")
        {
            Refused++;
            return e.Message;
        }

        int end = headers.Count == 0 ? 0 : (int)(headers[^1].DataOffset + headers[^1].PaddedSize);
        Case one = new(name, tar, end, TarListing.Own(headers));
        // a global header would reach into the next archive, and an archive without entries says nothing
        if (headers.Count == 0 || HasGlobal(tar)) _groups.Add([one]);
        else _open.Add(one);
        if (_open.Count == GroupSize) CloseGroup();
        return null;
    }

    /// <summary>Asks GNU tar, and counts each archive that was taken.</summary>
    internal void Check(Figure figure)
    {
        CloseGroup();
        string groups = Directory.CreateDirectory(Path.Join(_folder.Path, "groups")).FullName;
        for (int i = 0; i < _groups.Count; i++) File.WriteAllBytes(Path.Join(groups, $"{i}.tar"), Join(_groups[i]));
        Dictionary<string, List<string>?> lists = TarListing.Gnu(groups);
        List<Case> alone = [];
        for (int i = 0; i < _groups.Count; i++)
        {
            bool isEqual = lists[$"{i}.tar"] is { } list && list.SequenceEqual(_groups[i].SelectMany(c => c.Own));
            if (isEqual) _groups[i].ForEach(c => figure.Check(c.Name, true));
            else alone.AddRange(_groups[i]);
        }

        CheckAlone(figure, alone);
    }

    public void Dispose() => _folder.Dispose();

    private void CheckAlone(Figure figure, List<Case> cases)
    {
        if (cases.Count == 0) return;
        string singles = Directory.CreateDirectory(Path.Join(_folder.Path, "singles")).FullName;
        for (int i = 0; i < cases.Count; i++) File.WriteAllBytes(Path.Join(singles, $"{i}.tar"), cases[i].Tar);
        Dictionary<string, List<string>?> lists = TarListing.Gnu(singles);
        for (int i = 0; i < cases.Count; i++)
        {
            string? difference = Difference(cases[i].Own, lists[$"{i}.tar"]);
            figure.Check(cases[i].Name, difference is null, difference);
        }
    }

    private static string? Difference(List<string> own, List<string>? expected)
    {
        if (expected is null) return "taken, though GNU tar finds fault with it: " + string.Join('\n', own);
        for (int i = 0; i < Math.Max(own.Count, expected.Count); i++)
        {
            string mine = i < own.Count ? own[i] : "nothing", theirs = i < expected.Count ? expected[i] : "nothing";
            if (mine != theirs) return $"entry {i} is\n{mine}\nand to GNU tar\n{theirs}";
        }

        return null;
    }

    private void CloseGroup()
    {
        if (_open.Count > 0) _groups.Add(_open);
        _open = [];
    }

    private static byte[] Join(List<Case> cases) => cases.Count == 1 ? cases[0].Tar : [.. cases.SelectMany(c => c.Tar.Take(c.End)), .. new byte[1024]];

    private static bool HasGlobal(byte[] tar)
    {
        for (int i = 0; i + 512 <= tar.Length; i += 512)
            if (tar[i + 156] == 'g' && tar.AsSpan(i + 257, 5).SequenceEqual("ustar"u8)) return true;
        return false;
    }

    private sealed record Case(string Name, byte[] Tar, int End, List<string> Own);
}
