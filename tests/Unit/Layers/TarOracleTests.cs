using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Layers;

public sealed class TarOracleTests
{
    // readers differ on what these mean, as the messages of the errors say
    private static readonly string[] s_refused = ["incremental-gnu.tar", "incremental-posix.tar", "label-gnu.tar", "python-global4.tar", "python-global5.tar", "python-global6.tar"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Archives_of_GNU_tar_bsdtar_and_Python_are_listed_as_GNU_tar_lists_them()
    {
        using TempFolder folder = new();
        using TarOracle oracle = new();
        Figure figure = new("archives made by tools listed as by GNU tar");
        foreach (string path in Directory.GetFiles(TarCorpus.Make(folder), "*.tar").Order(StringComparer.Ordinal))
            if (await oracle.AddAsync(Path.GetFileName(path), await File.ReadAllBytesAsync(path, Token), Token) is { } refusal)
                figure.Check(path, s_refused.Contains(Path.GetFileName(path)), refusal);
        oracle.Check(figure);
        figure.Report(500);
    }

    [Fact]
    public async Task Odd_archives_are_listed_as_GNU_tar_lists_them_or_refused()
    {
        using TarOracle oracle = new();
        Figure figure = new("odd archives listed as by GNU tar or refused");
        foreach ((string name, byte[] tar) in TarOddities.All())
            if (await oracle.AddAsync(name, tar, Token) is not null) figure.Check(name, true);
        oracle.Check(figure);
        Console.WriteLine($"odd archives refused: {oracle.Refused}");
        figure.Report(1500);
    }
}
