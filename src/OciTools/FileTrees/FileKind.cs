namespace OciTools.FileTrees;

/// <summary>What an entry of a layer is, as far as file systems are concerned.</summary>
internal enum FileKind : byte
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>Another name of a file.</summary>
    HardLink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A named pipe.</summary>
    Fifo,

    /// <summary>Takes away what lower layers have under a name (OCI image-spec, layer.md, Whiteouts).</summary>
    Whiteout,

    /// <summary>Takes away all that lower layers have in a directory (OCI image-spec, layer.md, Opaque Whiteout).</summary>
    OpaqueWhiteout,
}
