using OciTools.Layers.Tar;

namespace OciTools.UnitTests.Layers;

public sealed class TarOracleTests(TarCorpusFixture corpus) : IClassFixture<TarCorpusFixture>
{
    // readers differ on what these mean, as the messages of the errors say
    private static readonly string[] s_refused = ["incremental-gnu.tar", "incremental-posix.tar", "label-gnu.tar", "python-global4.tar", "python-global5.tar", "python-global6.tar"];

    // What the others do differently: libarchive 3.6 leaves global headers out, reads a fraction of a second before 1970 forwards, and does not
    // undo GNU tar's escapes in names of attributes, nor does it in its own archives; to Python a later path counts more than the name of a sparse file.
    private static readonly string[] s_known =
    [
        "option libarchive", "python-global libarchive", "-times libarchive", "python-local0 libarchive", "python-local8 libarchive", "-xattr libarchive",
        "bsd-pax-xattr python", "sparse-0.1-sparse7 python", "sparse-0.1-sparse8 python", "sparse-1.0-sparse8 python",
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Archives_of_GNU_tar_bsdtar_and_Python_are_listed_as_GNU_tar_lists_them() => ListAsync(one: 5, atLeast: 100);

    [Fact]
    [Trait("Category", "Slow")]
    public Task All_archives_of_GNU_tar_bsdtar_and_Python_are_listed_as_GNU_tar_lists_them() => ListAsync(one: 1, atLeast: 500);

    // one archive of so many
    private async Task ListAsync(int one, int atLeast)
    {
        using TarOracle oracle = new();
        Figure figure = new("archives made by tools listed as by GNU tar");
        foreach (string path in corpus.Archives.Where((_, index) => index % one == 0))
            if (await oracle.AddAsync(Path.GetFileName(path), await File.ReadAllBytesAsync(path, Token), Token) is { } refusal)
                figure.Check(path, s_refused.Contains(Path.GetFileName(path)), refusal);
        oracle.Check(figure);
        figure.Report(atLeast);
    }

    [Fact]
    public async Task Archives_of_tools_hold_what_Python_and_libarchive_see_in_them()
    {
        Dictionary<(string, string), List<string>> lists = TarPeers.Read(corpus.Folder);
        Figure figure = new("archives made by tools read as by Python and libarchive");
        foreach (string path in corpus.Archives)
        {
            string name = Path.GetFileName(path);
            if (s_refused.Contains(name)) continue;
            List<TarHeader> headers = await TarListing.ReadAsync(await File.ReadAllBytesAsync(path, Token), Token);
            List<string> own = TarPeers.Own(headers);
            foreach (string peer in (string[])["python", "libarchive"])
            {
                if (s_known.Any(k => name.Contains(k.Split(' ')[0], StringComparison.Ordinal) && k.EndsWith(peer, StringComparison.Ordinal))) continue;
                List<string> list = lists[(name, peer)];
                figure.Check(name + " by " + peer, own.SequenceEqual(list), string.Join('\n', own.Zip(list, (o, l) => o == l ? "" : o + "\n" + l).Where(d => d.Length > 0).Take(1)));
            }
        }

        figure.Report(1000);
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
