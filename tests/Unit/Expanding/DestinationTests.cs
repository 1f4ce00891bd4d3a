using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

public sealed class DestinationTests : IDisposable
{
    private readonly Expansion _expansion = new();
    private readonly LayeredImage _first = new(FileTreeTests.Parse("File a 1, Dir locked"));
    private readonly LayeredImage _second = new(FileTreeTests.Parse("File b 2"));

    public void Dispose() => _expansion.Dispose();

    [Fact]
    public async Task A_directory_that_holds_something_stays_as_it_is()
    {
        Directory.CreateDirectory(_expansion.Path);
        File.WriteAllText(_expansion.Path + "/mine", "x");
        await Refused("FileExists", replace: false);
        await Refused("NotMadeByOciTools", replace: true);
        Assert.Equal(["", "mine"], _expansion.Find("%P"));
        Assert.Equal(["root"], _expansion.Beside());
    }

    [Fact]
    public async Task A_file_and_a_link_are_no_destination()
    {
        File.WriteAllText(_expansion.Path, "x");
        await Refused("FileExists", replace: true);
        File.Delete(_expansion.Path);
        string other = Directory.CreateDirectory(_expansion.Folder + "/other").FullName;
        File.CreateSymbolicLink(_expansion.Path, other);
        await Refused("FileExists", replace: true);
        Directory.Delete(other);
        await Refused("FileExists", replace: true);
        Assert.Equal(["root"], _expansion.Beside());
    }

    [Fact]
    public async Task An_empty_directory_is_taken()
    {
        Directory.CreateDirectory(_expansion.Path);
        await _expansion.RunAsync(_first);
        Assert.Equal(["", "a", "locked"], _expansion.Find("%P"));
    }

    [Fact]
    public async Task Folders_above_are_made_and_go_again_if_it_fails()
    {
        Expansion deep = new(_expansion.Folder + "/one/two");
        await deep.RunAsync(_first);
        Assert.Equal(["", "a", "locked"], deep.Find("%P"));
        Expansion failing = new(_expansion.Folder + "/three/four");
        await Assert.ThrowsAsync<NotFoundException>(() => failing.RunAsync(_first, patterns: ["/none"]));
        Assert.Equal(["one"], _expansion.Beside());
    }

    [Fact]
    public async Task Force_replaces_what_was_made_before()
    {
        await _expansion.RunAsync(_first);
        await Refused("FileExists", replace: false);
        File.WriteAllText(_expansion.Path + "/added", "x");
        Tool.Run("chmod", ["000", _expansion.Path + "/locked"]);
        await _expansion.RunAsync(_second, replace: true);
        Assert.Equal(["", "b"], _expansion.Find("%P"));
        await _expansion.RunAsync(_first, replace: true);
        Assert.Equal(["", "a", "locked"], _expansion.Find("%P"));
        Assert.Equal([".root.ocitools.json", "root"], _expansion.Beside());
    }

    [Fact]
    public async Task Force_keeps_what_was_made_before_if_the_new_one_fails()
    {
        await _expansion.RunAsync(_first);
        string[] before = _expansion.Find("%P %i %T@");
        await Assert.ThrowsAsync<NotFoundException>(() => _expansion.RunAsync(_second, patterns: ["/none"], replace: true));
        Assert.Equal(before, _expansion.Find("%P %i %T@"));
        await _expansion.RunAsync(_second, replace: true);
        Assert.Equal(["", "b"], _expansion.Find("%P"));
    }

    [Fact]
    public async Task Force_leaves_another_directory_of_the_same_name_alone()
    {
        await _expansion.RunAsync(_first);
        Directory.Delete(_expansion.Path, recursive: true);
        Directory.CreateDirectory(_expansion.Path);
        File.WriteAllText(_expansion.Path + "/mine", "x");
        await Refused("NotMadeByOciTools", replace: true);
        Assert.Equal(["", "mine"], _expansion.Find("%P"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"image\":1,\"folder\":2}")]
    [InlineData("{\"image\":\"x\",\"digest\":null,\"created\":\"2026-01-01T00:00:00Z\",\"folder\":\"1/2\"}")]
    public async Task Force_does_not_trust_a_marker_that_says_something_else(string marker)
    {
        await _expansion.RunAsync(_first);
        File.WriteAllText(_expansion.Folder + "/.root.ocitools.json", marker);
        await Refused("NotMadeByOciTools", replace: true);
        Assert.Equal(["", "a", "locked"], _expansion.Find("%P"));
    }

    [Fact]
    public async Task Force_does_not_trust_a_marker_of_somebody_else_or_behind_a_link()
    {
        string marker = _expansion.Folder + "/.root.ocitools.json";
        await _expansion.RunAsync(_first);
        if (Expansion.IsRoot)
        {
            Tool.Run("chown", ["1234", marker]);
            await Refused("NotMadeByOciTools", replace: true);
            Tool.Run("chown", ["0", marker]);
        }

        File.Move(marker, _expansion.Folder + "/elsewhere");
        File.CreateSymbolicLink(marker, _expansion.Folder + "/elsewhere");
        await Refused("NotMadeByOciTools", replace: true);
        Assert.Equal(["", "a", "locked"], _expansion.Find("%P"));
    }

    [Fact]
    public async Task Force_does_not_reach_into_what_is_mounted_below()
    {
        Assert.SkipUnless(Expansion.IsRoot, "This needs root.");
        string other = Directory.CreateDirectory(_expansion.Folder + "/other").FullName;
        File.WriteAllText(other + "/precious", "x");
        await _expansion.RunAsync(_first);
        Tool.Run("mount", ["--bind", other, _expansion.Path + "/locked"]);
        try
        {
            await Refused("WriteFailed", replace: true);
            Assert.Throws<IOException>(() => FileTreesRemove(_expansion.Path));
            Assert.Equal("x", File.ReadAllText(other + "/precious"));
        }
        finally
        {
            MountedFolder.Unmount(_expansion.Path + "/locked");
        }
    }

    [Fact]
    public async Task Removing_goes_through_no_link_and_takes_any_depth_mode_and_name()
    {
        string other = Directory.CreateDirectory(_expansion.Folder + "/other").FullName;
        File.WriteAllText(other + "/precious", "x");
        TarBytes tar = new TarBytes().Symlink("out", other).Entry("n?", [], change: header => header[1] = 0xFF);
        string deep = "";
        for (int i = 0; i < 1000; i++) tar.Pax(("path", deep += "dd/")).Directory("d");
        for (int i = 0; i < 3_000; i++) tar.File($"many/{i}", "");
        await _expansion.RunAsync(tar.End());
        FileTreesRemove(_expansion.Path);
        Assert.Equal([".root.ocitools.json", "other"], _expansion.Beside());
        Assert.Equal("x", File.ReadAllText(other + "/precious"));
    }

    private static void FileTreesRemove(string path) => OciTools.FileTrees.Expanding.LocalFolder.Remove(path);

    private async Task Refused(string id, bool replace)
    {
        OciException error = await Assert.ThrowsAnyAsync<OciException>(() => _expansion.RunAsync(_second, replace: replace));
        Assert.Equal(id, error.ErrorId);
    }
}
