using System.Buffers;
using OciTools.Layers.Tar;

namespace OciTools.FileTrees;

/// <summary>
/// Writes a tree as one tar: each directory before what lies in it, a hard link after the path that has the content, names in the order of
/// their bytes, all metadata as the layers have it. The same tree gives the same bytes.
/// </summary>
internal static class TreeTarWriter
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Reads stored content of a file.</summary>
    internal delegate void ContentReader(TreeNode file, long offset, Span<byte> target);

    /// <summary>Writes the tar.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="read">Reads contents.</param>
    /// <param name="output">Where the tar goes; not closed.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    internal static void Write(FileTree tree, ContentReader read, Stream output, CancellationToken cancellationToken)
    {
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            using TarWriter writer = new(output);
            foreach (TreeNode node in tree.Walk())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (node is { IsRoot: true, IsImplied: true }) continue;
                TarHeader header = HeaderOf(node);
                writer.WriteHeader(header);
                long offset = 0;
                while (offset < header.Size)
                {
                    Span<byte> piece = block.AsSpan(0, (int)Math.Min(block.Length, header.Size - offset));
                    read(node, node.Record.DataOffset + offset, piece);
                    writer.WriteData(piece);
                    offset += piece.Length;
                    cancellationToken.ThrowIfCancellationRequested();
                }

                writer.EndEntry();
            }

            writer.End();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    private static TarHeader HeaderOf(TreeNode node)
    {
        byte[] path = node.IsRoot ? "."u8.ToArray() : node.Path;
        if (node.Kind == FileKind.Directory) path = [.. path, (byte)'/'];
        if (node.IsImplied) return new TarHeader { Kind = TarEntryKind.Directory, RawName = path, Mode = FileTree.ImpliedMode };

        ref readonly EntryRecord record = ref node.Record;
        TarHeader header = new()
        {
            Kind = KindOf(node),
            RawName = path,
            Mode = record.Mode,
            UserId = record.UserId,
            GroupId = record.GroupId,
            ModifiedSeconds = record.Seconds,
            ModifiedNanoseconds = record.Nanoseconds,
        };
        if (node.FirstPath is { } first) return header with { RawLink = first };

        EntryExtra extra = node.Extra;
        header = header with { RawLink = extra.Link, Attributes = extra.Attributes, PlatformRecords = extra.Records };
        if (node.Kind is FileKind.CharacterDevice or FileKind.BlockDevice)
            return header with { DeviceMajor = (uint)(record.Size >> 32), DeviceMinor = (uint)record.Size };
        if (node.Kind != FileKind.File) return header;
        return extra.IsSparse
            ? header with { IsSparse = true, RealSize = record.Size, Segments = extra.Segments, Size = extra.StoredSize }
            : header with { Size = record.Size };
    }

    private static TarEntryKind KindOf(TreeNode node) => node.IsLink ? TarEntryKind.HardLink : node.Kind switch
    {
        FileKind.Directory => TarEntryKind.Directory,
        FileKind.SymbolicLink => TarEntryKind.SymbolicLink,
        FileKind.CharacterDevice => TarEntryKind.CharacterDevice,
        FileKind.BlockDevice => TarEntryKind.BlockDevice,
        FileKind.Fifo => TarEntryKind.Fifo,
        _ => TarEntryKind.File,
    };
}
