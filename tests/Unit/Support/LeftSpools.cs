namespace OciTools.UnitTests.Support;

/// <summary>Finds temporary files that were left. Other tests of the same run make some too, each with a name for a moment only; one that was left stays.</summary>
internal sealed class LeftSpools
{
    private readonly string[] _before = All();

    internal async Task CheckAsync()
    {
        string[] left = [.. All().Except(_before)];
        for (int i = 0; i < 50 && left.Length > 0; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
            left = [.. left.Where(File.Exists)];
        }

        Assert.Empty(left);
    }

    private static string[] All() => Directory.GetFiles(Path.GetTempPath(), "ocitools-spool-*");
}
