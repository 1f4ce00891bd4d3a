using OciTools.FileTrees;
using OciTools.Layers.Tar;

namespace OciTools.Operations.Files;

/// <summary>Describes entries and paths of an image as files.</summary>
/// <param name="image">The canonical name of the image.</param>
/// <param name="layers">Its layers.</param>
internal sealed class FileDescription(string image, IReadOnlyList<ImageLayer> layers)
{
    internal ImageFile OfNode(TreeNode node)
    {
        byte[] path = node.Path;
        if (node.IsImplied) return Named(path) with { Type = nameof(FileKind.Directory), Mode = FileTree.ImpliedMode, Permissions = ModeText.Of(FileKind.Directory, FileTree.ImpliedMode) };
        FileKind kind = node.IsLink ? FileKind.HardLink : node.Kind;
        ImageFile file = Describe(path, kind, node.Record, node.Extra, node.Hash);
        int layer = node.Tree.Entries.LayerOf(node.Entry).Layer;
        return file with
        {
            Layer = layer,
            LayerDigest = layers[layer].Digest ?? layers[layer].DiffId,
            WastedSize = node.Tree.WastedBy(node.Entry),
            Permissions = ModeText.Of(node.Kind, file.Mode),
            LinkTarget = node.FirstPath is { } first ? "/" + EntryPath.Show(first) : file.LinkTarget,
        };
    }

    internal ImageFile OfEntry(LayerEntries layer, int index, byte[] path)
    {
        ref EntryRecord record = ref layer[index];
        ImageFile file = Describe(path, record.Kind, record, EntryExtra.Unpack(layer.ExtraOf(record)), layer.HashOf(index));
        return file with
        {
            Layer = layer.Layer,
            LayerDigest = layers[layer.Layer].Digest ?? layers[layer.Layer].DiffId,
            LinkTarget = record.Kind == FileKind.HardLink && layer.TargetOf(record) is { } target ? "/" + EntryPath.Show(target) : file.LinkTarget,
        };
    }

    private ImageFile Describe(byte[] path, FileKind kind, in EntryRecord record, EntryExtra extra, Digest? hash) => Named(path) with
    {
        Type = kind.ToString(),
        Size = kind == FileKind.File ? record.Size : null,
        Mode = record.Mode,
        Permissions = ModeText.Of(kind, record.Mode),
        UserId = record.UserId,
        GroupId = record.GroupId,
        Modified = TimeOf(record),
        LinkTarget = kind is FileKind.SymbolicLink or FileKind.HardLink ? EntryPath.Show(extra.Link.Span) : null,
        Device = kind is FileKind.CharacterDevice or FileKind.BlockDevice ? $"{record.Size >> 32}:{record.Size & 0xFFFFFFFF}" : null,
        Attributes = extra.Attributes.Count == 0 ? [] : [.. extra.Attributes.Select((TarAttribute a) => EntryPath.Show(a.Name.Span))],
        Digest = kind == FileKind.File ? hash?.ToString() : null,
    };

    private ImageFile Named(byte[] path)
    {
        string text = EntryPath.Show(path);
        ImageFile file = new() { Image = image, FilePath = "/" + text, Type = "" };
        return text.Contains('\\', StringComparison.Ordinal) ? file with { FilePathBytes = [(byte)'/', .. path] } : file;
    }

    // the epoch stands for "no time" in images that are built reproducibly
    private static DateTime? TimeOf(in EntryRecord record)
    {
        if (record.Seconds == 0 && record.Nanoseconds == 0) return null;
        long most = DateTimeOffset.MaxValue.ToUnixTimeSeconds();
        if (record.Seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || record.Seconds > most) return null;
        return DateTime.UnixEpoch.AddSeconds(record.Seconds).AddTicks(record.Nanoseconds / 100).ToLocalTime();
    }
}
