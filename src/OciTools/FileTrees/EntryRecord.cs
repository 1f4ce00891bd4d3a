using System.Runtime.InteropServices;

namespace OciTools.FileTrees;

/// <summary>One entry of a layer, as small as can be: what varies in length lies in the arena of its layer.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct EntryRecord
{
    /// <summary>The size of the content in bytes; of a device its numbers.</summary>
    internal long Size;

    /// <summary>Where the stored content starts in the tar of the layer.</summary>
    internal long DataOffset;

    /// <summary>The time of the last change, in seconds since 1970; may be negative.</summary>
    internal long Seconds;

    /// <summary>What is to be added to the seconds.</summary>
    internal int Nanoseconds;

    internal uint UserId;

    internal uint GroupId;

    /// <summary>The path behind what it shares with the entry before.</summary>
    internal uint Suffix;

    /// <summary>Link target, attributes, sparse map; see <see cref="EntryExtra"/>.</summary>
    internal uint Extra;

    internal int ExtraLength;

    /// <summary>The node that the entry became part of; -1 for none.</summary>
    internal int Node;

    /// <summary>The entry that hides this one; -1 for none.</summary>
    internal int HiddenBy;

    internal ushort SharedLength;

    internal ushort SuffixLength;

    internal ushort Mode;

    internal FileKind Kind;

    /// <summary>Whether layers below those that were merged could have a link where the entry implies a directory, so that it lies elsewhere.</summary>
    internal bool IsMovable;

    /// <summary>Forgets what the merging of layers has made of the entry.</summary>
    internal void ForgetTree()
    {
        Node = HiddenBy = -1;
        IsMovable = false;
    }
}
