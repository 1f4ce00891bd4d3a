using OciTools.UnitTests.FileTrees;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Expanding;

/// <summary>A disk that becomes full at any moment is an error that says so, and what was written goes away again.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_disk_that_becomes_full_is_an_error_and_has_all_its_room_again()
    {
        using MountedFolder disk = MountedFolder.Memory(1 << 20);
        LayeredImage image = Image();
        Figure figure = new("Disk full");
        // 150 pages of contents, and one of the file that says who made the directory
        for (int i = 1; i <= 50; i++) await FullAsync(figure, disk, $"size={i * 12}k", image);
        // 30 files, 10 links, 6 directories and two for the work, besides the root of the disk
        for (int i = 2; i <= 48; i += 2) await FullAsync(figure, disk, $"size=2m,nr_inodes={i}", image);
        figure.Report(74);

        Tool.Run("mount", ["-o", "remount,size=2m,nr_inodes=100", disk.Path]);
        ExpandedImage result = await new Expansion(disk.Path).RunAsync(image);
        Assert.Equal((30, 10, 0), (result.Files, result.Links, result.SkippedCount));
    }

    private static async Task FullAsync(Figure figure, MountedFolder disk, string options, LayeredImage image)
    {
        Tool.Run("mount", ["-o", "remount," + options, disk.Path]);
        string before = Used(disk);
        string? wrong = "taken";
        try
        {
            await new Expansion(disk.Path).RunAsync(image);
        }
        catch (OciException e)
        {
            wrong = e.ErrorId == "WriteFailed" ? null : $"{e.ErrorId}: {e.Message}";
        }

        string[] left = Expansion.FindIn(disk.Path, "%P")[1..];
        if (left.Length > 0 || Used(disk) != before) wrong = $"{wrong} and left {string.Join(", ", left)}, {before} were used and {Used(disk)} are";
        figure.Check(options, wrong is null, wrong);
    }

    private static string Used(MountedFolder disk) => Tool.Text("stat", "-f", "-c", "%f %d", disk.Path);

    private static LayeredImage Image()
    {
        TarBytes tar = new();
        for (int i = 0; i < 30; i++) tar.File($"d{i % 5}/{i}", new byte[20 * 1024].Select(_ => (byte)i).ToArray());
        for (int i = 0; i < 5; i++) tar.Symlink($"d{i}/link", "0").HardLink($"d{i}/hard", $"d{i}/{i}");
        return new LayeredImage([tar.End()], gzip: true);
    }
}
