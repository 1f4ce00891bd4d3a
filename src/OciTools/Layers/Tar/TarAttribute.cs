namespace OciTools.Layers.Tar;

/// <summary>An extended attribute of an entry, as raw bytes.</summary>
/// <param name="Name">The whole name: <c>security.capability</c>.</param>
/// <param name="Value">The value; may be empty.</param>
internal readonly record struct TarAttribute(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value);
