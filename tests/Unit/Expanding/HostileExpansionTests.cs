using System.Collections.Concurrent;
using System.Text;
using OciTools.Operations.Files;
using OciTools.Operations.Layers;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>Nothing that an image holds reaches anything outside of the directory that it is expanded into.</summary>
public sealed class HostileExpansionTests : IDisposable
{
    private readonly Outside _outside = new();
    private int _accepted;
    private int _refused;

    public void Dispose() => _outside.Dispose();

    [Fact]
    public Task No_archive_reaches_outside_and_every_reader_of_it_is_safe() => WholeAsync(all: false);

    [Fact]
    [Trait("Category", "Slow")]
    public Task No_archive_at_all_reaches_outside_and_every_reader_of_it_is_safe() => WholeAsync(all: true);

    [Fact]
    public Task No_archive_over_several_layers_reaches_outside() => SplitsAsync(all: false);

    [Fact]
    [Trait("Category", "Slow")]
    public Task No_archive_at_all_over_several_layers_reaches_outside() => SplitsAsync(all: true);

    [Fact]
    public async Task No_hard_link_leads_outside()
    {
        HostileArchive[] archives = Archives(a => a.HardLinks());
        Dictionary<int, string> before = _outside.Read();
        string working = _outside.ReadWorking();
        ConcurrentDictionary<int, string> wrong = new();
        await EachAsync(archives, async (archive, _) =>
        {
            foreach (byte[][] layers in archive.OverTwo().Append(archive.Whole())) await ExpandAsync(archive.Number, new LayeredImage(layers), wrong, keep: true);
        });
        Dictionary<int, string> after = _outside.Read();
        string[] shared = _outside.SharedInodes();
        Figure figure = new("A3");
        foreach ((int i, string name, _) in archives)
            figure.Check(name, before[i] == after[i] && !wrong.ContainsKey(i) && !shared.Any(s => s.Contains($"/{i}/", StringComparison.Ordinal)), wrong.GetValueOrDefault(i) ?? after[i]);
        figure.Report(60);
        Assert.Empty(shared);
        Assert.Equal(working, _outside.ReadWorking());
        Assert.True(_accepted > 60 && _refused > 60, $"{_accepted} were taken, {_refused} refused");
    }

    private async Task WholeAsync(bool all)
    {
        HostileArchive[] archives = Archives(a => a.Escapes(all));
        Dictionary<int, string> before = _outside.Read();
        string working = _outside.ReadWorking();
        ConcurrentDictionary<int, string> wrong = new();
        await EachAsync(archives, async (archive, token) =>
        {
            LayeredImage image = new(archive.Whole());
            bool isExpanded = await ExpandAsync(archive.Number, image, wrong, keep: true);
            if (await FlattenAsync(archive.Number, image, wrong, token) != isExpanded) wrong.TryAdd(archive.Number, "expanded or flattened, but not both");
            await ReadAsync(archive.Number, image, wrong, token);
        });
        Dictionary<int, string> after = _outside.Read();
        // others than root get no owners and devices, and cannot look into every folder of an image
        Dictionary<int, string> extracted = Expansion.IsRoot ? ExtractWithTar() : [];
        Dictionary<int, string> afterTar = _outside.Read();
        Figure escapes = new("A1");
        Figure readers = new("A1, flattened, listed and read");
        foreach ((int i, string name, _) in archives)
        {
            escapes.Check(name, before[i] == after[i] && !wrong.ContainsKey(i), wrong.GetValueOrDefault(i) ?? after[i]);
            readers.Check(name, after[i] == afterTar[i] && (!Expansion.IsRoot || Tree(i, "kept") == extracted.GetValueOrDefault(i, "")), !Expansion.IsRoot ? afterTar[i] : $"tar makes of it{Environment.NewLine}{extracted.GetValueOrDefault(i)}{Environment.NewLine}and not{Environment.NewLine}{Tree(i, "kept")}");
        }

        escapes.Report(400);
        readers.Report(400);
        Assert.Equal(working, _outside.ReadWorking());
        // neither all refused nor all taken
        Assert.True(_accepted > 200 && _refused > 200, $"{_accepted} were taken, {_refused} refused");
    }

    private async Task SplitsAsync(bool all)
    {
        // ways over links are what layers make worse
        HostileArchive[] archives = Archives(a => a.Escapes(all).Where(archive => all || archive.Name.StartsWith("a ", StringComparison.Ordinal)));
        Dictionary<int, string> before = _outside.Read();
        ConcurrentDictionary<int, string> wrong = new();
        int splits = 0;
        await EachAsync(archives, async (archive, _) =>
        {
            foreach (byte[][] layers in archive.OverTwo().Concat(archive.OverThree()))
            {
                Interlocked.Increment(ref splits);
                await ExpandAsync(archive.Number, new LayeredImage(layers), wrong, keep: false);
            }
        });
        Dictionary<int, string> after = _outside.Read();
        Figure figure = new($"A2, {splits} ways to spread them over layers");
        foreach ((int i, string name, _) in archives) figure.Check(name, before[i] == after[i] && !wrong.ContainsKey(i), wrong.GetValueOrDefault(i) ?? after[i]);
        figure.Report(200);
        Assert.True(_accepted > 200 && _refused > 100, $"{_accepted} were taken, {_refused} refused");
    }

    private HostileArchive[] Archives(Func<HostileArchives, IEnumerable<HostileArchive>> which)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "This needs Linux.");
        HostileArchive[] archives = [.. which(new HostileArchives(_outside.Of, Outside.Working))];
        foreach (HostileArchive archive in archives) _outside.Make(archive.Number);
        return archives;
    }

    private static Task EachAsync(HostileArchive[] archives, Func<HostileArchive, CancellationToken, Task> action) =>
        Parallel.ForAsync(0, archives.Length, TestContext.Current.CancellationToken, async (i, token) => await action(archives[i], token));

    private async Task<bool> ExpandAsync(int number, LayeredImage image, ConcurrentDictionary<int, string> wrong, bool keep)
    {
        Expansion expansion = _outside.Open(number);
        try
        {
            ExpandedImage result = await expansion.RunAsync(image);
            Interlocked.Increment(ref _accepted);
            string kept = $"{expansion.Folder}/kept";
            if (Directory.Exists(kept)) OciTools.FileTrees.Expanding.LocalFolder.Remove(kept);
            if (keep) Directory.Move(result.Path, kept);
            else OciTools.FileTrees.Expanding.LocalFolder.Remove(result.Path);
            return true;
        }
        catch (OciException e) when (e.ErrorId is not "WriteFailed")
        {
            Interlocked.Increment(ref _refused);
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            wrong.TryAdd(number, $"expanding: {e}");
            return false;
        }
    }

    private async Task<bool> FlattenAsync(int number, LayeredImage image, ConcurrentDictionary<int, string> wrong, CancellationToken token)
    {
        try
        {
            ImageFlattening.Plan plan = await ImageFlattening.PlanAsync(image.Inspector, LayeredImage.Name, null, $"{_outside.Folder}/{number}/flat.tar", false, token);
            await new ImageFlattening(LayeredImage.Reading).WriteAsync(plan, false, token);
            return true;
        }
        catch (OciException)
        {
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            wrong.TryAdd(number, $"flattening: {e}");
            return false;
        }
    }

    // every path that is listed, and some that lead outside of an unguarded reader
    private static async Task ReadAsync(int number, LayeredImage image, ConcurrentDictionary<int, string> wrong, CancellationToken token)
    {
        List<string> paths = ["/l/victim", "/../../outside/victim", "/l", "/h", "/proc/self/environ", "/d/../../../outside/victim"];
        try
        {
            paths.AddRange((await image.ListAsync(new FileSelection { IncludeHidden = true, WithDigest = true })).Select(file => file.FilePath));
            await image.ListAsync(new FileSelection { Layers = LayerSelection.Parse(["0"]) });
        }
        catch (OciException)
        {
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            wrong.TryAdd(number, $"listing: {e}");
        }

        foreach (string path in paths.Distinct())
        {
            try
            {
                string content = await image.ContentAsync(path);
                if (content.Contains("secret", StringComparison.Ordinal) || content.Contains("PATH=", StringComparison.Ordinal)) wrong.TryAdd(number, $"'{path}' is read outside");
            }
            catch (OciException)
            {
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                wrong.TryAdd(number, $"reading '{path}': {e}");
            }

            token.ThrowIfCancellationRequested();
        }
    }

    // GNU tar takes every name as it stands with -P, so the flattened tar alone keeps it inside
    private Dictionary<int, string> ExtractWithTar()
    {
        Tool.Run("sh", ["-c", """
            cd "$1" && for n in *; do
                [ -f "$n/flat.tar" ] && mkdir "$n/d/tarred" && { tar -xpPf "$n/flat.tar" --numeric-owner -C "$n/d/tarred" || touch "$n/d/tarred/GNU tar failed"; }
            done 2> /dev/null; true
            """, "sh", _outside.Folder]);
        return Directory.GetDirectories(_outside.Folder).Select(f => int.Parse(Path.GetFileName(f), System.Globalization.CultureInfo.InvariantCulture))
            .Where(number => Directory.Exists($"{_outside.Folder}/{number}/d/tarred")).ToDictionary(number => number, number => Tree(number, "tarred"));
    }

    private readonly Dictionary<string, Dictionary<int, string>> _trees = [];

    // all paths of what was made, but for the root itself
    private string Tree(int number, string name)
    {
        if (!_trees.TryGetValue(name, out Dictionary<int, string>? trees))
        {
            string script = "cd \"$1\" && find . -mindepth 4 -path \"./*/d/$2/*\" \\( -type d -printf '%h/%f %y %m %U:%G\\0' -o -printf '%h/%f %y %m %U:%G %n %s %l\\0' \\)";
            string[] lines = Encoding.Latin1.GetString(Tool.Run("sh", ["-c", script, "sh", _outside.Folder, name])).Split('\0')[..^1];
            _trees[name] = trees = lines.Select(line => line[2..].Split('/', 4)).GroupBy(parts => int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture))
                .ToDictionary(group => group.Key, group => string.Join('\n', group.Select(parts => parts[3]).Order(StringComparer.Ordinal)));
        }

        return trees.GetValueOrDefault(number, "");
    }
}
