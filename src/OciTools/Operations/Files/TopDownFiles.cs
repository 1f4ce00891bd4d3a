using OciTools.FileTrees;

namespace OciTools.Operations.Files;

/// <summary>
/// The contents of files of one image. Layers are read from the top down, each to its end and proved, and only as far as a path needs:
/// until every directory, link and hard link on its way is decided.
/// </summary>
internal sealed class TopDownFiles : IAsyncDisposable
{
    private readonly OpenedImage _image;
    private readonly LayerReading _reading;
    private readonly SemaphoreSlim _gate = new(1, 1);
    // by the index of the layer, so that a file that was found keeps its place while more layers are read
    private SpooledContents?[]? _spools;
    // never changed, since trees that were given out go on reading it
    private LayerEntries[] _layers = [];
    private FileTree? _tree;
    private int _next;

    internal TopDownFiles(OpenedImage image, LayerReading reading)
    {
        _image = image;
        _reading = reading;
        Holes = new HoleLimit(reading.MaximumSize);
    }

    internal HoleLimit Holes { get; }

    /// <summary>Finds a path, links followed.</summary>
    /// <returns>What is there; null for nothing.</returns>
    internal async Task<TreeNode?> FindAsync(byte[] path, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
            OpenPath? open = null;
            while (true)
            {
                if (_layers.Length > 0 || _next == 0)
                {
                    _tree ??= FileTreeBuilder.Build(_layers, cancellationToken);
                    PathAnswer answer = _tree.FindInTop(path);
                    if (answer.IsDecided) return answer.Node;
                    open = answer.Open;
                }

                // a layer that does not speak of what is open changes nothing, so it is not merged before one does
                do await ReadNextAsync(cancellationToken).ConfigureAwait(false);
                while (_next > 0 && open is not null && !open.IsSpokenOfBy(_layers[0]));
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The whole file system.</summary>
    internal async Task<FileTree> WholeAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await StartAsync(cancellationToken).ConfigureAwait(false);
            if (_next > 0) await ReadAsync([.. Enumerable.Range(0, _next)], cancellationToken).ConfigureAwait(false);
            return _tree ??= FileTreeBuilder.Build(_layers, cancellationToken);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The content of a file of the tree.</summary>
    internal FileContentStream Open(TreeNode file)
    {
        EntryExtra extra = file.Extra;
        if (extra.IsSparse) Holes.Take(file.Record.Size - extra.StoredSize, _image.Describe(file.SourceLayer));
        return new FileContentStream(_spools![file.SourceLayer]!, file.Record, extra);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SpooledContents? spool in _spools ?? [])
            if (spool is not null) await spool.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_spools is not null) return;
        _next = (await _image.DiffIdsAsync(cancellationToken).ConfigureAwait(false)).Count;
        _spools = new SpooledContents?[_next];
    }

    private Task ReadNextAsync(CancellationToken cancellationToken) => ReadAsync([_next - 1], cancellationToken);

    private async Task ReadAsync(int[] wanted, CancellationToken cancellationToken)
    {
        try
        {
            LayerEntries[] layers = await TreeReading.ReadLayersAsync(_image, _reading, wanted, layer => _spools![layer.Layer] = new SpooledContents(layer, null), cancellationToken).ConfigureAwait(false);
            _layers = [.. layers, .. _layers];
            _next = wanted[0];
            _tree = null;
        }
        catch
        {
            foreach (int layer in wanted)
            {
                if (_spools![layer] is { } spool) await spool.DisposeAsync().ConfigureAwait(false);
                _spools[layer] = null;
            }

            throw;
        }
    }
}
