using System.Text;
using OciTools.FileTrees;
using OciTools.FileTrees.Expanding;
using OciTools.Operations.Files;
using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>
/// Whatever a file system makes of the names of an image: each file is there under its name with its content, or it is listed. GNU find and
/// grep say what is there.
/// </summary>
public sealed class ForeignNameTests
{
    private static readonly string[] s_nameReasons =
        [Refusals.NameTaken, Refusals.NameChanged, Refusals.NameLost, Refusals.NameTooLong, Refusals.NameRefused, Refusals.FolderMissing, "its target cannot be one on this system"];

    [Theory]
    [InlineData("ntfs-3g", "permissions,windows_names", Refusals.NameRefused, null, null)]
    [InlineData("lowntfs-3g", "permissions,ignore_case", Refusals.NameChanged, Refusals.NameTaken, null)]
    public async Task Nothing_is_lost_in_silence_on_NTFS(string driver, string options, string? device, string? folded, string? hidden)
    {
        using MountedFolder mounted = MountedFolder.Ntfs(driver, options);
        Dictionary<string, SkippedFile> listed = await ExpandAsync(mounted.Path, $"A13, {driver} {options}");
        Assert.Equal(device, listed.GetValueOrDefault("/names/CON")?.Reason);
        Assert.Equal(folded, listed.GetValueOrDefault("/pair0/files/a")?.Reason);
        Assert.Equal(hidden, listed.GetValueOrDefault("/names/.lead")?.Reason);
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData("ntfs-3g", "permissions", null, null, null)]
    [InlineData("ntfs-3g", "permissions,streams_interface=windows", null, null, null)]
    [InlineData("lowntfs-3g", "permissions,ignore_case,windows_names", Refusals.NameRefused, Refusals.NameTaken, null)]
    [InlineData("lowntfs-3g", "permissions,hide_hid_files,hide_dot_files", null, null, Refusals.NameChanged)]
    public Task Nothing_is_lost_in_silence_with_other_options_of_NTFS(string driver, string options, string? device, string? folded, string? hidden) =>
        Nothing_is_lost_in_silence_on_NTFS(driver, options, device, folded, hidden);

    [Fact]
    public async Task Nothing_is_lost_in_silence_on_folding_ext4()
    {
        using MountedFolder mounted = MountedFolder.FoldingExt4();
        Dictionary<string, SkippedFile> listed = await ExpandAsync(mounted.Path + "/folding", "A13, ext4 casefold");
        Assert.Equal(Refusals.NameTaken, listed["/pair0/files/a"].Reason);
    }

    [Fact]
    public async Task Nothing_is_lost_in_silence_and_nothing_listed_in_vain_where_all_names_are_good()
    {
        using Expansion expansion = new();
        Assert.Empty(await ExpandAsync(expansion.Folder, "A13, Linux"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_rules_of_Windows_hold_without_its_file_system(bool isWindows)
    {
        using Expansion expansion = new();
        Dictionary<string, SkippedFile> listed = await ExpandManagedAsync(expansion.Folder, isWindows, $"A13, rules of {(isWindows ? "Windows" : "macOS")} on Linux");
        Assert.Equal(isWindows ? Refusals.NameRefused : null, listed.GetValueOrDefault("/names/CON")?.Reason);
        Assert.DoesNotContain("/pair0/files/a", listed.Keys);
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task The_rules_of_Windows_hold_on_a_file_system_that_folds()
    {
        using MountedFolder mounted = MountedFolder.Ntfs("lowntfs-3g", "permissions,ignore_case,windows_names");
        Dictionary<string, SkippedFile> listed = await ExpandManagedAsync(mounted.Path, true, "A13, rules of Windows on NTFS");
        Assert.Equal(Refusals.NameTaken, listed["/pair0/files/a"].Reason);
    }

    private static async Task<Dictionary<string, SkippedFile>> ExpandManagedAsync(string folder, bool isWindows, string figure)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string root = Directory.CreateDirectory(folder + "/root").FullName;
        LayeredImage image = new([ForeignNames.Layer()]);
        using ManagedTarget target = new(root, Directory.CreateDirectory(folder + "/staging").FullName, isWindows);
        PathSelection selection = new([], []);
        await using StagedLayers staged = new(target, selection);
        FileTree tree = await TreeReading.ReadAsync(await image.Inspector.OpenAsync(LayeredImage.Name, null, token), LayeredImage.Reading, staged.Add, token);
        Expander expander = new(tree, Inclusion.Of(tree, selection, "an image"), target, staged.LostOf, token);
        expander.Write();
        return Check(root, expander.Skipped.Files, figure);
    }

    private static async Task<Dictionary<string, SkippedFile>> ExpandAsync(string folder, string figure)
    {
        Expansion expansion = new(folder);
        ExpandedImage image = await expansion.RunAsync(ForeignNames.Layer());
        return Check(expansion.Path, image.Skipped, figure);
    }

    private static Dictionary<string, SkippedFile> Check(string folder, IReadOnlyList<SkippedFile> skipped, string name)
    {
        Dictionary<string, string> contents = Contents(folder);
        Dictionary<string, string> links = Expansion.FindIn(folder, "%y%P/%l").Where(l => l[0] == 'l').Select(l => l[1..]).ToDictionary(l => l[..l.LastIndexOf('/')], l => l[(l.LastIndexOf('/') + 1)..]);
        Dictionary<string, SkippedFile> reasons = skipped.Where(s => s_nameReasons.Any(r => s.Reason.Contains(r, StringComparison.Ordinal))).ToDictionary(s => s.FilePath);
        Figure figure = new(name);
        foreach ((byte[] path, string content) in ForeignNames.Files()) Held(path, content, contents);
        foreach ((byte[] path, string target) in ForeignNames.Links()) Held(path, target, links);
        figure.Report(2 * ForeignNames.Count + ForeignNames.PairCount);
        return reasons;

        void Held(byte[] path, string content, Dictionary<string, string> found)
        {
            string shown = "/" + EntryPath.Show(path);
            bool isThere = found.TryGetValue(Encoding.Latin1.GetString(path), out string? have) && have == content;
            SkippedFile? entry = Listed(shown);
            // what is listed as written is there with its content, only under another name; what is not listed is there
            bool held = entry is null ? isThere : !isThere && entry.IsWritten == (found.ContainsValue(content) || IsReadable(folder, path, content));
            figure.Check(shown, held, isThere ? "there, and listed" : entry is null ? $"lost (has '{have}')" : $"listed as {(entry.IsWritten ? "" : "not ")}written: {entry.Reason}");
        }

        // a file is also where its directory is shown under another name
        SkippedFile? Listed(string path)
        {
            if (reasons.TryGetValue(path, out SkippedFile? own)) return own;
            for (string above = path; above.LastIndexOf('/') > 0;)
            {
                above = above[..above.LastIndexOf('/')];
                if (reasons.TryGetValue(above, out SkippedFile? entry) && entry.IsWritten) return entry;
            }

            return null;
        }
    }

    // a name that is only hidden still leads to the file
    private static bool IsReadable(string folder, byte[] path, string content)
    {
        string full = folder + "/" + Encoding.UTF8.GetString(path);
        return File.Exists(full) && File.ReadAllText(full) == content;
    }

    // what GNU grep reads: path, zero, content
    private static Dictionary<string, string> Contents(string folder)
    {
        string text = Encoding.Latin1.GetString(Tool.Run("sh", ["-c", "cd \"$1\" && exec grep -raZ content .", "sh", folder]));
        Dictionary<string, string> contents = [];
        while (text.Length > 0)
        {
            int zero = text.IndexOf('\0', StringComparison.Ordinal);
            int end = text.IndexOf('\n', zero);
            contents.Add(text[2..zero], text[(zero + 1)..end]);
            text = text[(end + 1)..];
        }

        return contents;
    }
}
