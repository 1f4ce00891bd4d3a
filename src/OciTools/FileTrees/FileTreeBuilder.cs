namespace OciTools.FileTrees;

/// <summary>
/// Merges layers into one file system, from the lowest up (OCI image-spec, layer.md, Applying Changesets). Whiteouts and opaque marks act on
/// lower layers only, wherever they stand in the tar; then the entries follow in the order of the tar. A parent that a layer only implies
/// is found through symbolic links of what is there, inside the root; an entry of its own replaces what is there.
/// </summary>
internal sealed class FileTreeBuilder
{
    private readonly ImageEntries _entries;
    private readonly bool _isPartial;
    private readonly NodeTable _nodes;
    private readonly PathResolver _resolver;
    private readonly Stack<int> _hiding = new();
    private byte[] _lastFolder = [];
    private int _lastFolderNode = -1;
    private int _implied;
    private bool _isLastFolderMovable;

    private FileTreeBuilder(ImageEntries entries)
    {
        _entries = entries;
        _isPartial = entries.Layers is [{ Layer: > 0 }, ..];
        _nodes = new NodeTable(entries);
        _resolver = new PathResolver(_nodes, LinkOf);
    }

    /// <summary>Merges the layers of an image.</summary>
    /// <param name="layers">The layers, the lowest first, without gaps. If the lowest is not layer 0, what lower layers may still change stays open.</param>
    /// <param name="cancellationToken">Stops the merging.</param>
    /// <exception cref="MalformedException">An entry lies in a file, or a hard link has no target (<c>MalformedContent</c>).</exception>
    internal static FileTree Build(IReadOnlyList<LayerEntries> layers, CancellationToken cancellationToken)
    {
        ImageEntries entries = new(layers);
        FileTreeBuilder builder = new(entries);
        for (int i = 0; i < layers.Count; i++) builder.AddLayer(i, cancellationToken);
        return new FileTree(entries, builder._nodes, builder._resolver);
    }

    private void AddLayer(int position, CancellationToken cancellationToken)
    {
        LayerEntries layer = _entries.Layers[position];
        if (layer.HasWhiteouts)
        {
            OwnFolders folders = new(layer);
            LayerEntries.PathReader paths = new(layer);
            for (int i = 0; i < layer.Count; i++)
            {
                if ((i & 0xFFF) == 0) cancellationToken.ThrowIfCancellationRequested();
                ReadOnlySpan<byte> path = paths.Next(layer[i]);
                if (layer[i].Kind is FileKind.Whiteout or FileKind.OpaqueWhiteout) ApplyWhiteout(position, i, path, folders);
            }
        }

        _lastFolderNode = -1;
        LayerEntries.PathReader entries = new(layer);
        for (int i = 0; i < layer.Count; i++)
        {
            if ((i & 0xFFF) == 0) cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> path = entries.Next(layer[i]);
            if (layer[i].Kind is not (FileKind.Whiteout or FileKind.OpaqueWhiteout)) Apply(position, i, path);
        }
    }

    private ReadOnlySpan<byte> LinkOf(int node)
    {
        int entry = _nodes[node].Source;
        return EntryExtra.LinkOf(_entries.LayerOf(entry).ExtraOf(_entries[entry]));
    }

    private void ApplyWhiteout(int position, int index, ReadOnlySpan<byte> path, OwnFolders folders)
    {
        LayerEntries layer = _entries.Layers[position];
        int entry = _entries.BaseOf(position) + index;
        ref EntryRecord record = ref layer[index];
        record.IsMovable = _isPartial && IsMovable(EntryPath.ParentOf(path), folders);
        int folder = _resolver.Folder(EntryPath.ParentOf(path), folders);
        if (folder == PathResolver.Missing && _isPartial) folder = Folder(layer, EntryPath.ParentOf(path), isPlaceholder: true);
        if (folder < 0) return;
        if (record.Kind == FileKind.OpaqueWhiteout)
        {
            HideChildren(folder, entry);
            _nodes[folder].State |= NodeState.CutBelow;
            return;
        }

        ReadOnlySpan<byte> name = EntryPath.NameOf(path)[EntryPath.WhiteoutPrefix.Length..];
        int node = _nodes.Find(folder, name);
        if (node < 0)
        {
            if (!_isPartial) return;
            node = _nodes.Add(folder, name, position, NameOffset(record, name));
        }

        if (_nodes[node].IsPresent) HideTree(node, entry);
        _nodes[node].State |= NodeState.Cut;
    }

    private void Apply(int position, int index, ReadOnlySpan<byte> path)
    {
        LayerEntries layer = _entries.Layers[position];
        int entry = _entries.BaseOf(position) + index;
        ref EntryRecord record = ref layer[index];
        if (path.IsEmpty)
        {
            Replace(NodeTable.Root, entry, ref record);
            return;
        }

        ReadOnlySpan<byte> name = EntryPath.NameOf(path);
        ReadOnlySpan<byte> parent = EntryPath.ParentOf(path);
        int folder = Folder(layer, parent, isPlaceholder: false);
        record.IsMovable = !parent.IsEmpty && _isLastFolderMovable;
        int node = _nodes.Find(folder, name);
        if (node < 0) node = _nodes.Add(folder, name, position, NameOffset(record, name));
        if (_nodes[node].IsPresent)
        {
            if (_nodes[node].IsDirectory && record.Kind == FileKind.Directory)
            {
                Replace(node, entry, ref record);
                return;
            }

            HideTree(node, entry);
        }

        int source = entry;
        NodeState kind = record.Kind switch { FileKind.Directory => NodeState.Directory, FileKind.SymbolicLink => NodeState.SymbolicLink, _ => NodeState.None };
        if (record.Kind == FileKind.HardLink) source = SourceOf(layer, record, path, out kind);

        ref NodeRecord target = ref _nodes[node];
        target.Entry = entry;
        target.Source = source;
        target.State = (target.State & ~(NodeState.Directory | NodeState.SymbolicLink)) | NodeState.Present | kind;
        if (kind != NodeState.Directory) target.State |= NodeState.Cut;
        if (kind == NodeState.SymbolicLink) _lastFolderNode = -1;
        record.Node = node;
        Link(node);
    }

    // a directory that is there already takes the metadata of the entry and keeps what lies in it
    private void Replace(int node, int entry, ref EntryRecord record)
    {
        ref NodeRecord target = ref _nodes[node];
        if (target.Entry >= 0) _entries[target.Entry].HiddenBy = entry;
        target.Entry = target.Source = entry;
        record.Node = node;
    }

    private int SourceOf(LayerEntries layer, in EntryRecord record, ReadOnlySpan<byte> path, out NodeState kind)
    {
        if (layer.TargetOf(record) is not { } target) throw Refuse(layer, path, "its target has a segment '..', which could lead out of the root");
        int folder = _resolver.Folder(EntryPath.ParentOf(target), null);
        int node = folder < 0 ? -1 : _nodes.Find(folder, EntryPath.NameOf(target));
        if (target.Length == 0 || (node >= 0 && _nodes[node] is { IsPresent: true, IsDirectory: true }))
            throw Refuse(layer, path, "it is a hard link to a directory");
        kind = NodeState.None;
        if (node < 0 || !(_nodes[node].IsPresent || IsHiddenBy(layer, node)))
            return _isPartial ? -1 : throw Refuse(layer, path, $"its target '{DisplayText.Excerpt(EntryPath.Show(target), 200)}' is not there");
        kind = _nodes[node].State & NodeState.SymbolicLink;
        return _nodes[node].Source;
    }

    // whiteouts act on what lower layers show, and not on what this one still takes from them
    private bool IsHiddenBy(LayerEntries layer, int node)
    {
        int entry = _nodes[node].Entry;
        if (entry < 0 || _entries.LayerOf(entry) == layer || _entries[entry].Kind == FileKind.Directory) return false;
        int by = _entries[entry].HiddenBy;
        return by >= 0 && _entries.LayerOf(by) == layer && (_entries[by].Kind is FileKind.Whiteout or FileKind.OpaqueWhiteout);
    }

    // The folder that an entry lies in; made where nothing has it yet.
    private int Folder(LayerEntries layer, ReadOnlySpan<byte> path, bool isPlaceholder)
    {
        if (path.IsEmpty) return NodeTable.Root;
        if (!isPlaceholder && _lastFolderNode >= 0 && path.SequenceEqual(_lastFolder)) return _lastFolderNode;
        if (!isPlaceholder) _isLastFolderMovable = _isPartial && IsMovable(path, null);
        int node = _resolver.Folder(path, out byte[]? canonical);
        if (node == PathResolver.InFile) throw Refuse(layer, path, "it has entries and is no directory");
        if (node < 0) node = MakeFolder(layer, canonical ?? path, isPlaceholder);
        if (isPlaceholder) return node;
        if (_lastFolder.Length != path.Length) _lastFolder = new byte[path.Length];
        path.CopyTo(_lastFolder);
        _lastFolderNode = node;
        return node;
    }

    // Whether a layer below could have a link in the way to a folder.
    private bool IsMovable(ReadOnlySpan<byte> folder, OwnFolders? own)
    {
        List<PathStep> steps = [];
        _resolver.Find(folder, true, steps);
        return !steps.TrueForAll(_nodes.IsDecided) && own?.ContainsAll(folder) != true;
    }

    private int MakeFolder(LayerEntries layer, ReadOnlySpan<byte> path, bool isPlaceholder)
    {
        int node = NodeTable.Root;
        ReadOnlySpan<byte> rest = path;
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> name = EntryPath.NextSegment(ref rest);
            int child = _nodes.Find(node, name);
            if (child < 0)
            {
                layer.CheckCount(_entries.Count + ++_implied);
                child = _nodes.Add(node, name);
            }

            ref NodeRecord target = ref _nodes[child];
            if (!target.IsPresent && !isPlaceholder)
            {
                target.State = (target.State & ~NodeState.SymbolicLink) | NodeState.Present | NodeState.Directory;
                target.Entry = target.Source = -1;
                Link(child);
            }

            node = child;
        }

        return node;
    }

    private void Link(int node)
    {
        ref NodeRecord record = ref _nodes[node];
        if ((record.State & NodeState.Linked) != 0) return;
        record.State |= NodeState.Linked;
        ref NodeRecord parent = ref _nodes[record.Parent];
        record.NextSibling = parent.FirstChild;
        parent.FirstChild = node;
    }

    private void HideTree(int node, int by)
    {
        ref NodeRecord record = ref _nodes[node];
        Hide(ref record, by);
        if ((record.State & (NodeState.Directory | NodeState.SymbolicLink)) == 0) return;
        HideChildren(node, by);
    }

    // Each child leaves the list of its parent, so that none is gone through again before it comes back.
    private void HideChildren(int top, int by)
    {
        _lastFolderNode = -1;
        _hiding.Push(top);
        while (_hiding.TryPop(out int node))
        {
            int child = _nodes[node].FirstChild;
            _nodes[node].FirstChild = -1;
            while (child >= 0)
            {
                ref NodeRecord record = ref _nodes[child];
                int next = record.NextSibling;
                record.NextSibling = -1;
                record.State &= ~NodeState.Linked;
                if (record.IsPresent) Hide(ref record, by);
                if (record.FirstChild >= 0) _hiding.Push(child);
                child = next;
            }
        }
    }

    private void Hide(ref NodeRecord record, int by)
    {
        record.State &= ~NodeState.Present;
        if (record.Entry >= 0) _entries[record.Entry].HiddenBy = by;
    }

    // the name of an entry stands at the end of its suffix
    private static uint NameOffset(in EntryRecord record, ReadOnlySpan<byte> name) => record.Suffix + (uint)(record.SuffixLength - name.Length);

    private static OciException Refuse(LayerEntries layer, ReadOnlySpan<byte> path, string why) =>
        ErrorCatalogue.MalformedContent.Error($"{layer.What}: the entry '{DisplayText.Excerpt(EntryPath.Show(path), 200)}' is refused: {why}.");
}
