using OciTools.FileTrees;
using OciTools.Layers.Tar;

namespace OciTools.Operations.Comparing;

/// <summary>Compares the files of two merged file systems, both gone through once, side by side.</summary>
/// <param name="template">The names of the images.</param>
/// <param name="before">The reference tree.</param>
/// <param name="beforeLayers">Its layers.</param>
/// <param name="after">The difference tree.</param>
/// <param name="afterLayers">Its layers.</param>
/// <param name="withTime">Whether the times of files count.</param>
internal sealed class FileComparison(
    ImageDifference template, FileTree before, IReadOnlyList<ImageLayer> beforeLayers, FileTree after, IReadOnlyList<ImageLayer> afterLayers, bool withTime)
{
    internal IEnumerable<ImageDifference> Compare()
    {
        using IEnumerator<TreeNode> left = before.Walk().GetEnumerator();
        using IEnumerator<TreeNode> right = after.Walk().GetEnumerator();
        byte[]? leftPath = Next(left);
        byte[]? rightPath = Next(right);
        while (leftPath is not null || rightPath is not null)
        {
            int order = leftPath is null ? 1 : rightPath is null ? -1 : Order(leftPath, rightPath);
            if (order < 0) yield return Removed(left.Current, leftPath!);
            else if (order > 0) yield return Added(right.Current, rightPath!);
            else if (Changed(left.Current, right.Current, rightPath!) is { } changed) yield return changed;
            if (order <= 0) leftPath = Next(left);
            if (order >= 0) rightPath = Next(right);
        }
    }

    private static byte[]? Next(IEnumerator<TreeNode> nodes) => nodes.MoveNext() ? nodes.Current.Path : null;

    // a directory comes before what lies in it, and that before its next sibling: a slash sorts below every byte of a name
    private static int Order(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        int common = x.CommonPrefixLength(y);
        if (common == x.Length || common == y.Length) return x.Length.CompareTo(y.Length);
        return x[common] == '/' ? -1 : y[common] == '/' ? 1 : x[common].CompareTo(y[common]);
    }

    private ImageDifference Removed(TreeNode node, byte[] path)
    {
        // the layer that took it away is in the difference image, if that was built on the same layers
        int? layer = after.HiderOf(path);
        ImageDifference found = Describe(path, "Removed") with { ReferenceValue = Text(node), ReferenceSize = SizeOf(node) };
        return layer is { } by ? WithLayer(found, by, afterLayers) : WithLayer(found, LayerOf(node), beforeLayers);
    }

    private ImageDifference Added(TreeNode node, byte[] path) =>
        WithLayer(Describe(path, "Added") with { DifferenceValue = Text(node), DifferenceSize = SizeOf(node) }, LayerOf(node), afterLayers);

    private ImageDifference? Changed(TreeNode left, TreeNode right, byte[] path)
    {
        List<string> aspects = Aspects(left, right);
        if (aspects.Count == 0) return null;
        ImageDifference found = Describe(path, "Changed") with
        {
            Aspects = aspects,
            ReferenceValue = Text(left),
            DifferenceValue = Text(right),
            ReferenceSize = SizeOf(left),
            DifferenceSize = SizeOf(right),
        };
        return WithLayer(found, LayerOf(right), afterLayers);
    }

    private List<string> Aspects(TreeNode left, TreeNode right)
    {
        List<string> aspects = [];
        if (left.Kind != right.Kind) aspects.Add("Type");
        if (left.IsImplied || right.IsImplied)
        {
            if (left.IsImplied != right.IsImplied && left.Kind == right.Kind) CompareImplied(left, right, aspects);
            return aspects;
        }

        ref readonly EntryRecord x = ref left.Record;
        ref readonly EntryRecord y = ref right.Record;
        (EntryExtra xExtra, EntryExtra yExtra) = (left.Extra, right.Extra);
        if (left.Kind == right.Kind)
        {
            if (left.Kind == FileKind.File && (x.Size != y.Size || left.Hash != right.Hash)) aspects.Add("Content");
            if (left.Kind is FileKind.CharacterDevice or FileKind.BlockDevice && x.Size != y.Size) aspects.Add("Device");
            bool isOtherLink = left.Kind == FileKind.SymbolicLink && !xExtra.Link.Span.SequenceEqual(yExtra.Link.Span);
            if (isOtherLink || !left.FirstPath.AsSpan().SequenceEqual(right.FirstPath)) aspects.Add("Link");
        }

        if (x.Mode != y.Mode && left.Kind != FileKind.SymbolicLink) aspects.Add("Mode");
        if (x.UserId != y.UserId || x.GroupId != y.GroupId) aspects.Add("Owner");
        if (!SameAttributes(xExtra, yExtra)) aspects.Add("Attributes");
        if (withTime && (x.Seconds != y.Seconds || x.Nanoseconds != y.Nanoseconds)) aspects.Add("Time");
        return aspects;
    }

    // a directory that no layer has an entry for is what engines make of it: root's, 0755
    private static void CompareImplied(TreeNode left, TreeNode right, List<string> aspects)
    {
        ref readonly EntryRecord own = ref (left.IsImplied ? right : left).Record;
        if (own.Mode != FileTree.ImpliedMode) aspects.Add("Mode");
        if (own.UserId != 0 || own.GroupId != 0) aspects.Add("Owner");
    }

    private static bool SameAttributes(EntryExtra x, EntryExtra y)
    {
        if (x.Attributes.Count != y.Attributes.Count) return false;
        foreach (TarAttribute attribute in x.Attributes)
        {
            bool found = false;
            foreach (TarAttribute other in y.Attributes)
                found |= other.Name.Span.SequenceEqual(attribute.Name.Span) && other.Value.Span.SequenceEqual(attribute.Value.Span);
            if (!found) return false;
        }

        return true;
    }

    private ImageDifference Describe(byte[] path, string change)
    {
        string text = "/" + EntryPath.Show(path);
        return template with { Kind = "File", Change = change, Name = text, FilePath = text };
    }

    private static ImageDifference WithLayer(ImageDifference difference, int? layer, IReadOnlyList<ImageLayer> layers) =>
        layer is { } index ? difference with { Layer = index, CreatedBy = layers[index].CreatedBy } : difference;

    private static int? LayerOf(TreeNode node) => node.IsImplied ? null : node.Tree.Entries.LayerOf(node.Entry).Layer;

    private static long? SizeOf(TreeNode node) => node.Kind == FileKind.File ? node.Record.Size : null;

    private static string Text(TreeNode node)
    {
        if (node.IsImplied) return ModeText.Of(FileKind.Directory, FileTree.ImpliedMode) + " 0:0";
        ref readonly EntryRecord record = ref node.Record;
        string text = $"{ModeText.Of(node.Kind, record.Mode)} {record.UserId}:{record.GroupId}";
        if (node.Kind == FileKind.File && node.Hash is { } hash) text += $" {hash}";
        if (node.Kind == FileKind.SymbolicLink) text += $" -> {EntryPath.Show(node.Extra.Link.Span)}";
        return node.FirstPath is { } first ? $"{text} = /{EntryPath.Show(first)}" : text;
    }
}
