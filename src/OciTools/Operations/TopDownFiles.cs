using OciTools.FileTrees;

namespace OciTools.Operations;

/// <summary>
/// The contents of files of one image. Layers are read from the top down, each to its end and proved, and only as far as a path needs:
/// until every directory, link and hard link on its way is decided.
/// </summary>
internal sealed class TopDownFiles : IAsyncDisposable
{
    private readonly OpenedImage _image;
    private readonly LayerReading _reading;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly List<SpooledContents?> _spools = [];
    private readonly List<LayerEntries> _layers = [];
    private FileTree? _tree;
    private int _next;

    internal TopDownFiles(OpenedImage image, LayerReading reading, int layerCount)
    {
        _image = image;
        _reading = reading;
        _next = layerCount;
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
            OpenPath? open = null;
            while (true)
            {
                if (_layers.Count > 0 || _next == 0)
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
        if (extra.IsSparse) Holes.Take(file.Record.Size - extra.StoredSize, _image.Describe(file.Record.Layer));
        return new FileContentStream(_spools[file.Record.Layer - _layers[0].Layer]!, file.Record, extra);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (SpooledContents? spool in _spools)
            if (spool is not null) await spool.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private Task ReadNextAsync(CancellationToken cancellationToken) => ReadAsync([_next - 1], cancellationToken);

    private async Task ReadAsync(int[] wanted, CancellationToken cancellationToken)
    {
        SpooledContents?[] spools = new SpooledContents?[wanted.Length];
        try
        {
            LayerEntries[] layers = await TreeReading.ReadLayersAsync(_image, _reading, wanted,
                layer => spools[layer.Layer - wanted[0]] = new SpooledContents(layer, null), cancellationToken).ConfigureAwait(false);
            _layers.InsertRange(0, layers);
            _spools.InsertRange(0, spools);
            _next = wanted[0];
            _tree = null;
        }
        catch
        {
            foreach (SpooledContents? spool in spools)
                if (spool is not null) await spool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
