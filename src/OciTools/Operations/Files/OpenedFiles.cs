namespace OciTools.Operations.Files;

/// <summary>Files inside an image that were found and proved. What was read of the image is kept for them until this is disposed of.</summary>
public sealed class OpenedFiles : IAsyncDisposable
{
    private Func<ValueTask>? _giveBack;

    internal OpenedFiles(IReadOnlyList<FileContent> files, Func<ValueTask> giveBack)
    {
        Files = files;
        _giveBack = giveBack;
    }

    /// <summary>The files, in the order of their paths.</summary>
    public IReadOnlyList<FileContent> Files { get; }

    /// <summary>Lets what was read of the image go; the files cannot be opened any more.</summary>
    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _giveBack, null)?.Invoke() ?? ValueTask.CompletedTask;
}
