namespace OciTools.Stores.Files;

/// <summary>A regular file of a layout or archive.</summary>
/// <param name="Path">Its path in there.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Offset">Where its bytes start, in an archive.</param>
internal sealed record ContentFile(string Path, long Size, long Offset = 0);
