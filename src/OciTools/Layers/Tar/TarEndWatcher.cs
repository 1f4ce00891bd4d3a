namespace OciTools.Layers.Tar;

/// <summary>Follows a tar that passes by, to know whether it has come to its end mark.</summary>
internal sealed class TarEndWatcher(string what) : TarWalker(what)
{
    private protected override void OnEntry(TarHeader header) { }
}
