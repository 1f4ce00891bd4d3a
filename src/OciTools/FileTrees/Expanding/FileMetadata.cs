using OciTools.Layers.Tar;

namespace OciTools.FileTrees.Expanding;

/// <summary>What a file has besides its content.</summary>
/// <param name="UserId">The number of the owner.</param>
/// <param name="GroupId">The number of the group.</param>
/// <param name="Mode">Permissions with setuid, setgid and sticky bit.</param>
/// <param name="Seconds">The time of the last change, in seconds since 1970.</param>
/// <param name="Nanoseconds">What is to be added to the seconds; -1 where the time is not known.</param>
/// <param name="Attributes">The extended attributes.</param>
internal readonly record struct FileMetadata(uint UserId, uint GroupId, int Mode, long Seconds, int Nanoseconds, IReadOnlyList<TarAttribute> Attributes)
{
    /// <summary>What container engines give a directory that no layer has an entry for.</summary>
    internal static FileMetadata Implied { get; } = new(0, 0, FileTree.ImpliedMode, 0, -1, []);

    internal bool HasTime => Nanoseconds >= 0;

    internal static FileMetadata Of(in EntryRecord record, IReadOnlyList<TarAttribute> attributes) =>
        new(record.UserId, record.GroupId, record.Mode, record.Seconds, record.Nanoseconds, attributes);

    internal static FileMetadata Of(TreeNode node) => node.IsImplied ? Implied : Of(node.Record, node.Record.ExtraLength == 0 ? [] : node.Extra.Attributes);
}
