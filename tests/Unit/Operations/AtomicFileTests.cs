using OciTools.Operations;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("atomic-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("old")]
    public async Task A_plain_file_is_replaced(string old)
    {
        string path = Path.Combine(_folder, "file");
        await File.WriteAllTextAsync(path, old);
        await AtomicFile.WriteAsync(path, "new"u8.ToArray(), replace: true, CancellationToken.None);
        Assert.Equal("new", await File.ReadAllTextAsync(path));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("mkfifo", "")]
    [InlineData("mknod", "c 1 3")]
    public async Task A_pipe_or_a_device_is_never_replaced_by_a_file(string program, string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files.");
        string path = Path.Combine(_folder, "special");
        Assert.SkipUnless(Succeeds(program, [path, .. kind.Split(' ', StringSplitOptions.RemoveEmptyEntries)]), "This account may not make it.");
        Assert.Equal("WriteFailed", (await Assert.ThrowsAnyAsync<OciException>(() => AtomicFile.WriteAsync(path, "new"u8.ToArray(), replace: true, CancellationToken.None))).ErrorId);
        Assert.False(Succeeds("test", ["-f", path]), "it is a plain file now");
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_folder_that_goes_away_meanwhile_is_an_error_of_the_file()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder, "gone")).FullName;
        OciException error = await Assert.ThrowsAnyAsync<OciException>(async () =>
        {
            await using AtomicFile file = AtomicFile.Create(Path.Combine(folder, "file"), replace: false);
            Directory.Delete(folder, recursive: true);
            await file.CommitAsync(CancellationToken.None);
        });
        Assert.Equal("WriteFailed", error.ErrorId);
    }

    private static bool Succeeds(string program, string[] arguments)
    {
        try
        {
            Tool.Run(program, arguments);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
