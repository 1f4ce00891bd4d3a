using OciTools.Layers.Tar;

namespace OciTools.Stores.Files;

/// <summary>One name of an archive.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Size">The size of its data in bytes.</param>
/// <param name="Offset">Where its data starts.</param>
/// <param name="Link">The target of a link; null for none.</param>
/// <param name="IsRepeated">Whether the name stands in the archive more than once; the last one holds, as it does for tar.</param>
/// <param name="IsSparse">Whether the data is not the content itself.</param>
internal sealed record TarEntry(TarEntryKind Kind, long Size, long Offset, string? Link, bool IsRepeated, bool IsSparse);
